-- The usual guard of a migration that may run twice.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'app') THEN
        CREATE ROLE app LOGIN CONNECTION LIMIT 20;
    END IF;
END
$$;
