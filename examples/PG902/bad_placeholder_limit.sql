-- The deployment fills in the limit.
ALTER DATABASE shop CONNECTION LIMIT ${DATABASE_LIMIT}; -- expect: PG902

CREATE ROLE shop_api LOGIN CONNECTION LIMIT :api_limit; -- expect: PG902

CREATE ROLE shop_worker LOGIN CONNECTION LIMIT 10;
CREATE ROLE shop_worker LOGIN CONNECTION LIMIT 12; -- expect: PG902
