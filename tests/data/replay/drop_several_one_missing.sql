-- DROP ROLE drops all or none; here whether "maybe" is there hangs on the server's version.
DROP ROLE IF EXISTS maybe;
CREATE ROLE app LOGIN CONNECTION LIMIT 5;
DO $$
BEGIN
    IF current_setting('server_version_num')::int < 160000 THEN
        CREATE ROLE maybe;
    END IF;
END
$$;
DROP ROLE app, maybe;
