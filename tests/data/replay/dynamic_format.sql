CREATE ROLE "Mixed Case" LOGIN;
DO $$
BEGIN
    EXECUTE format('ALTER ROLE %I CONNECTION LIMIT %s', 'Mixed Case', 5);
END
$$;
