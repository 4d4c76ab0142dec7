CREATE FUNCTION create_tenant(tenant text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    connections CONSTANT integer := 15;
    statement text := 'CREATE ROLE ';
BEGIN
    statement := statement || quote_ident(tenant) || ' LOGIN';
    statement := statement || ' CONNECTION LIMIT ' || connections;
    EXECUTE statement;
    EXECUTE format('ALTER ROLE %I SET search_path = %L', tenant, tenant);
    EXECUTE format('GRANT %I TO tenants', tenant);
END
$$;

-- Text that is run but is about something else.
CREATE FUNCTION run_on_partitions(command text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    partition regclass;
BEGIN
    FOR partition IN SELECT inhrelid FROM pg_inherits LOOP
        EXECUTE format(command, partition);
    END LOOP;
END
$$;
