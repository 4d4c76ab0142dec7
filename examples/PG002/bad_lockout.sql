-- "No connections needed any more", but the cron job still logs in.
CREATE ROLE archive LOGIN CONNECTION LIMIT 0; -- expect: PG002

CREATE ROLE exporter LOGIN CONNECTION LIMIT 3;
ALTER ROLE exporter CONNECTION LIMIT 0; -- expect: PG002

DO $$
BEGIN
    EXECUTE format('ALTER ROLE %I CONNECTION LIMIT %s', 'archive_reader', 0); -- expect: PG002
END
$$;
