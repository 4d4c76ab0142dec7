DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'mailer') THEN
        CREATE ROLE mailer LOGIN CONNECTION LIMIT 10;
    END IF;
END
$$;

DO $$
DECLARE
    tenant text;
BEGIN
    FOREACH tenant IN ARRAY ARRAY['north', 'south'] LOOP
        EXECUTE format('CREATE ROLE %I LOGIN CONNECTION LIMIT %s', 'tenant_' || tenant, 15);
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), 'tenant_' || tenant);
    END LOOP;
EXCEPTION
    WHEN duplicate_object THEN
        RAISE NOTICE 'the tenants exist already';
END
$$;

CREATE PROCEDURE rename_schema(old text, new text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER SCHEMA %I RENAME TO %I', old, new);
END
$$;

SELECT format('CREATE ROLE %I LOGIN CONNECTION LIMIT 5', 'auditor')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'auditor') \gexec
