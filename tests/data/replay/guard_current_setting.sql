CREATE ROLE app LOGIN CONNECTION LIMIT 4;
DO $$
BEGIN
    IF current_setting('server_version_num')::int >= 160000 THEN
        ALTER ROLE app CONNECTION LIMIT 16;
    ELSE
        ALTER ROLE app CONNECTION LIMIT 15;
    END IF;
END
$$;
