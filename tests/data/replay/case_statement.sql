CREATE ROLE app LOGIN CONNECTION LIMIT 1;
DO $$
BEGIN
    CASE current_user
        WHEN 'postgres' THEN
            ALTER ROLE app CONNECTION LIMIT 21;
        WHEN 'nobody' THEN
            ALTER ROLE app CONNECTION LIMIT -1;
        ELSE
            DROP ROLE app;
    END CASE;
END
$$;
