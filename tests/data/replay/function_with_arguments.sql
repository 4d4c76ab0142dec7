CREATE FUNCTION set_limit(who text, n integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER ROLE %I CONNECTION LIMIT %s', who, n);
END
$$;
CREATE ROLE web LOGIN;
CREATE ROLE jobs LOGIN;
SELECT set_limit('web', 11);
SELECT set_limit(n => 12, who => 'jobs');
