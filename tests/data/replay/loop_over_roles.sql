CREATE ROLE web LOGIN CONNECTION LIMIT 5;
CREATE ROLE worker LOGIN CONNECTION LIMIT 6;
DO $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT rolname FROM pg_roles WHERE rolname IN ('web', 'worker') LOOP
        EXECUTE format('ALTER ROLE %I CONNECTION LIMIT -1', r.rolname);
    END LOOP;
END
$$;
