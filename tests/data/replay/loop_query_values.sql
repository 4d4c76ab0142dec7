DO $$
DECLARE
    spec record;
BEGIN
    FOR spec IN SELECT * FROM (VALUES ('web', 10), ('jobs', 20)) AS v(name, slots) LOOP
        EXECUTE format('CREATE ROLE %I LOGIN CONNECTION LIMIT %s', spec.name, spec.slots);
    END LOOP;
END
$$;
