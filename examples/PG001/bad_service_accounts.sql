-- The application's accounts, as a first migration often makes them.
CREATE ROLE shop_readers NOLOGIN;

CREATE ROLE shop_api LOGIN PASSWORD '${shop_api_password}'; -- expect: PG001

CREATE USER shop_worker; -- expect: PG001
GRANT shop_readers TO shop_worker;

-- Written in full, and still without a cap.
-- expect-next-line: PG001
Create User "Reporting"
    IN ROLE shop_readers
    Connection /* none */ Limit -1;

CREATE GROUP night_jobs;
ALTER GROUP night_jobs RENAME TO batch_jobs;
ALTER ROLE batch_jobs LOGIN; -- expect: PG001

CREATE DATABASE shop OWNER shop_api;
