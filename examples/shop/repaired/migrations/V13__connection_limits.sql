-- Applied migrations cannot be changed: the repair is a new one.
ALTER ROLE shop_app CONNECTION LIMIT 40;
ALTER ROLE shop_support CONNECTION LIMIT 3;
ALTER ROLE shop_import CONNECTION LIMIT 2;
ALTER ROLE shop_admin NOSUPERUSER;
ALTER DATABASE shop CONNECTION LIMIT 90;
