CREATE FUNCTION set_limit(n integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    ALTER ROLE app CONNECTION LIMIT 1;
END
$$;
CREATE FUNCTION set_limit(n integer, m integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    ALTER ROLE app CONNECTION LIMIT 2;
END
$$;
CREATE ROLE app LOGIN;
SELECT set_limit(1, 2);
