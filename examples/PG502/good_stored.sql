-- Only this session: pg_dump writes it, too.
SET statement_timeout = 0;

ALTER ROLE shop_app SET statement_timeout = 0;
ALTER ROLE shop_app SET statement_timeout = 300000;

ALTER ROLE shop_old SET statement_timeout = 0;
DROP ROLE shop_old;
