DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 50', current_database());
END
$$;
