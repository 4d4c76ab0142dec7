CREATE ROLE app LOGIN;
DO $$
DECLARE
    who name := 'app';
BEGIN
    EXECUTE 'ALTER ROLE ' || quote_ident(who) || ' CONNECTION LIMIT ' || 14;
END
$$;
