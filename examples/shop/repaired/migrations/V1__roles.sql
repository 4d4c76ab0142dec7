-- The shop's roles. shop_owner owns the schema and never logs in.
CREATE ROLE shop_owner NOLOGIN;
CREATE ROLE shop_app LOGIN CONNECTION LIMIT 40 IN ROLE shop_owner;
