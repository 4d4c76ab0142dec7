CREATE ROLE app LOGIN CONNECTION LIMIT 1;
DO $$
DECLARE
    n int := 0;
BEGIN
    WHILE n < 3 LOOP
        n := n + 1;
        EXECUTE 'ALTER ROLE app CONNECTION LIMIT ' || n::text;
    END LOOP;
END
$$;
