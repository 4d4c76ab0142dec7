DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['web', 'worker', 'cron'] LOOP
        EXECUTE format('CREATE ROLE %I LOGIN CONNECTION LIMIT 5', name);
    END LOOP;
END
$$;
