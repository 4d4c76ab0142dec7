-- The handler is for another condition: the error goes through and undoes everything.
CREATE ROLE app LOGIN CONNECTION LIMIT 5;
DO $$
BEGIN
    ALTER ROLE app CONNECTION LIMIT 6;
    CREATE ROLE app;
EXCEPTION
    WHEN division_by_zero THEN
        ALTER ROLE app CONNECTION LIMIT 7;
END
$$;
