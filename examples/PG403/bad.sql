-- expect-next-line: PG403
CREATE ROLE shop_app LOGIN CONNECTION LIMIT 20
    PASSWORD 'correct horse battery staple';  -- expect-next-line: PG403
ALTER USER shop_app WITH ENCRYPTED PASSWORD 'md58f0b4b7e2f3a4c1d9e6a5b7c8d9e0f1a';

-- The verifier is not the password, but one can try passwords on it: only a note.
-- expect-next-line: PG403
ALTER ROLE shop_app PASSWORD 'SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0$c3RvcmVk:c2VydmVy';

-- expect-next-line: PG403
CREATE USER MAPPING FOR shop_app SERVER archive OPTIONS (user 'reader', password 'hunter2');

CREATE SUBSCRIPTION shop_copy  -- expect: PG403
    CONNECTION 'host=primary dbname=shop user=copy password=hunter2'
    PUBLICATION shop;

SELECT dblink_connect('archive', 'postgresql://reader:hunter2@archive/shop');  -- expect: PG403

DO $$
BEGIN
    -- expect-next-line: PG403
    EXECUTE format('ALTER ROLE %I PASSWORD %L', current_user, 'hunter2');
END
$$;
