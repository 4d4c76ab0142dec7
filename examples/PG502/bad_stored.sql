-- Roles without a value of their own take the database's.
ALTER DATABASE shop SET statement_timeout = 0;  -- expect: PG502
ALTER ROLE shop_app SET statement_timeout = '30s';

-- The role in the database comes before the role.
ALTER ROLE shop_report SET statement_timeout = '10min';
ALTER ROLE shop_report IN DATABASE archive SET statement_timeout = '0';  -- expect: PG502
