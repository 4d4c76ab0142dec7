CREATE FUNCTION make_role(who text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE ROLE %I LOGIN CONNECTION LIMIT 2', who);
END
$$;
SELECT make_role(name) FROM (VALUES ('web'), ('jobs')) AS v(name);
