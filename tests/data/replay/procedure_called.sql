CREATE PROCEDURE set_limit(who text, n integer) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER ROLE %I CONNECTION LIMIT %s', who, n);
END
$$;
CREATE ROLE app LOGIN;
CALL set_limit('app', 19);
