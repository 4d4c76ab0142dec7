DO $$
DECLARE
    tenant record;
    service text;
BEGIN
    FOR tenant IN SELECT rolname FROM pg_roles WHERE rolname LIKE 'tenant\_%' LOOP
        EXECUTE format('ALTER ROLE %I CONNECTION LIMIT -1', tenant.rolname); -- expect: PG001
    END LOOP;

    FOREACH service IN ARRAY ARRAY['orders', 'invoices'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = service) THEN
            EXECUTE 'CREATE USER ' || quote_ident(service); -- expect: PG001
        END IF;
    END LOOP;
END
$$;

CREATE FUNCTION add_account(account text, connections integer) RETURNS void
LANGUAGE plpgsql AS $body$
BEGIN
    -- expect-next-line: PG001
    EXECUTE format('CREATE ROLE %I LOGIN CONNECTION LIMIT %s', account, connections);
END
$body$;

SELECT add_account('courier', 10);
SELECT add_account('warehouse', -1);
