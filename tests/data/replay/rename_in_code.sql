CREATE ROLE old_app LOGIN CONNECTION LIMIT 5;
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'old_app') THEN
        ALTER ROLE old_app RENAME TO app;
    END IF;
END
$$;
