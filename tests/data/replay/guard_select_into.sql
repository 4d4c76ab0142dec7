DO $$
DECLARE
    present boolean;
BEGIN
    SELECT true INTO present FROM pg_roles WHERE rolname = 'app';
    IF present IS NOT TRUE THEN
        CREATE USER app CONNECTION LIMIT 9;
    END IF;
END
$$;
