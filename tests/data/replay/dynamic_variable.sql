CREATE ROLE app LOGIN;
DO $$
DECLARE
    command text;
BEGIN
    command := 'ALTER ROLE app';
    command := command || ' CONNECTION LIMIT 15';
    EXECUTE command;
END
$$;
