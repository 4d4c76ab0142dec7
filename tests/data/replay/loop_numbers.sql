DO $$
BEGIN
    FOR i IN 1..3 LOOP
        EXECUTE format('CREATE ROLE tenant_%s LOGIN CONNECTION LIMIT %s', i, i * 10);
    END LOOP;
END
$$;
