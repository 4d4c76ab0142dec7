-- "Only for the weekend."
DO $$
DECLARE
    target text;
BEGIN
    FOREACH target IN ARRAY ARRAY['shop_app'] LOOP
        EXECUTE 'ALTER ROLE shop_app CONNECTION LIMIT -1';  -- expect: PG001
        RAISE NOTICE 'limit lifted for %', target;
    END LOOP;
END
$$;
