-- A tool fills the password in.
CREATE ROLE shop_app LOGIN CONNECTION LIMIT 20 PASSWORD '${shop_app_password}';
ALTER ROLE shop_app PASSWORD :'shop_app_password';
ALTER ROLE shop_app PASSWORD NULL;
ALTER ROLE shop_app PASSWORD '';

CREATE USER MAPPING FOR shop_app SERVER archive OPTIONS (user 'reader', password_required 'false');
CREATE SUBSCRIPTION shop_copy
    CONNECTION 'host=primary dbname=shop user=copy passfile=/run/secrets/pgpass'
    PUBLICATION shop;
SELECT dblink_connect('archive', 'host=archive password=${archive_password}');

-- Hashes of the application's own users are data.
INSERT INTO users (name, password) VALUES ('ann', '$2y$10$abcdefghijklmnopqrstuv');
COMMENT ON COLUMN users.password IS 'password=secret host=x in a comment';
