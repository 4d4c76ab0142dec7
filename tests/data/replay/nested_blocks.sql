CREATE ROLE app LOGIN;
DO $$
<<outer_block>>
DECLARE
    n int := 4;
BEGIN
    DECLARE
        n int := 5;
    BEGIN
        EXECUTE 'ALTER ROLE app CONNECTION LIMIT ' || n;
    END;
    EXECUTE format('ALTER ROLE app CONNECTION LIMIT %s', n + 10);
    EXECUTE format('ALTER ROLE app CONNECTION LIMIT %s', outer_block.n);
END
$$;
