CREATE ROLE app LOGIN;
DO $$
BEGIN
    IF current_database() = 'production' THEN
        ALTER ROLE app CONNECTION LIMIT 100;
    ELSIF current_database() = 'postgres' THEN
        ALTER ROLE app CONNECTION LIMIT 10;
    ELSE
        ALTER ROLE app CONNECTION LIMIT 1;
    END IF;
END
$$;
