CREATE ROLE shop_readers NOLOGIN;
CREATE ROLE shop_writers CONNECTION LIMIT -1; -- nobody logs in as a group

CREATE ROLE shop_api LOGIN PASSWORD '${shop_api_password}' CONNECTION LIMIT 30 IN ROLE shop_writers;

-- Without a limit at first, with one in the end.
CREATE USER shop_worker;
ALTER USER shop_worker CONNECTION LIMIT 12;
ALTER USER shop_worker RESET ALL;
ALTER USER shop_worker RENAME TO shop_jobs;

-- A limit does not bind a superuser, and PG003 reports one that has it.
CREATE ROLE dba LOGIN SUPERUSER;

-- Tried and undone.
BEGIN;
SAVEPOINT before_load_test;
ALTER ROLE shop_api CONNECTION LIMIT -1;
ROLLBACK TO SAVEPOINT before_load_test;
COMMIT;

-- Gone in the end.
CREATE ROLE load_test LOGIN;
DROP ROLE IF EXISTS load_test, load_test_reader;
