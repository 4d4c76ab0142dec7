CREATE ROLE shop_api LOGIN CONNECTION LIMIT 20;

CREATE ROLE IF NOT EXISTS shop_worker LOGIN; -- expect: PG901

-- One broken statement does not hide the next one.
ALTER ROLE shop_api CONNECTION LIMIT -1; -- expect: PG001

ALTER ROLE ALL CONNECTION LIMIT 10; -- expect: PG901

CREATE TABLE orders ( -- expect: PG901
    id bigint PRIMARY KEY,
    note text;

CREATE USER intern; -- expect: PG001
