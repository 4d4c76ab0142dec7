CREATE ROLE app LOGIN;
DO $$
BEGIN
    EXECUTE format('ALTER ROLE app CONNECTION LIMIT %s', CASE WHEN current_user = 'postgres' THEN 30 ELSE 31 END);
END
$$;
