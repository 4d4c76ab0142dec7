CREATE FUNCTION make_role(who text, n integer DEFAULT 13) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE ROLE %I LOGIN CONNECTION LIMIT %s', who, n);
    RETURN who;
END
$$;
SELECT make_role('web');
DO $$ BEGIN PERFORM make_role('jobs', 14); END $$;
