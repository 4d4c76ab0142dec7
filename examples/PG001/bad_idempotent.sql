-- Both usual ways to create a role once.
DO
$do$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'mailer') THEN
        CREATE ROLE mailer LOGIN; -- expect: PG001
    ELSE
        ALTER ROLE mailer CONNECTION LIMIT 10;
    END IF;
END
$do$;

DO $$
BEGIN
    CREATE ROLE scheduler LOGIN CONNECTION LIMIT 5;
EXCEPTION
    WHEN duplicate_object THEN
        ALTER ROLE scheduler LOGIN CONNECTION LIMIT -1; -- expect: PG001
END
$$;
