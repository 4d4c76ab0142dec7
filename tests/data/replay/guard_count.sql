DO $$
DECLARE
    n integer;
BEGIN
    SELECT count(*) INTO n FROM pg_user WHERE usename = 'app';
    IF n = 0 THEN
        CREATE ROLE app WITH LOGIN PASSWORD 'x' CONNECTION LIMIT 4;
    END IF;
END
$$;
