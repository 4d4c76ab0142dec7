CREATE ROLE shop_support NOLOGIN;
GRANT SELECT ON customer_order TO shop_support;
ALTER ROLE shop_support LOGIN;
