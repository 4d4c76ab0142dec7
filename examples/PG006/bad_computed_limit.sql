CREATE FUNCTION create_tenant(tenant text, options text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    connections integer;
BEGIN
    SELECT max_connections INTO connections FROM plans WHERE plans.tenant = create_tenant.tenant;
    -- expect-next-line: PG006
    EXECUTE format('CREATE ROLE %I LOGIN CONNECTION LIMIT %s', tenant, connections);

    EXECUTE 'ALTER ROLE ' || quote_ident(tenant) || ' ' || options; -- expect: PG006

    -- expect-next-line: PG006
    PERFORM dblink_exec('dbname=postgres', format('CREATE DATABASE %I CONNECTION LIMIT %s', tenant, connections));
END
$$;

-- expect-next-line: PG006
SELECT format('ALTER ROLE %I CONNECTION LIMIT %s', name, quota) FROM tenants \gexec
