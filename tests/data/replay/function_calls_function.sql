CREATE FUNCTION inner_limit(n integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'ALTER ROLE app CONNECTION LIMIT ' || n;
END
$$;
CREATE FUNCTION outer_limit() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM inner_limit(17);
END
$$;
CREATE ROLE app LOGIN;
SELECT outer_limit();
