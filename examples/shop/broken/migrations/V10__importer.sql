-- Locked "until the import is ready", and then forgotten.
CREATE ROLE shop_import LOGIN CONNECTION LIMIT 0;  -- expect: PG002
