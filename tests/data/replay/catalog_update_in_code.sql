CREATE ROLE app LOGIN CONNECTION LIMIT 5;
DO $$
BEGIN
    UPDATE pg_authid SET rolconnlimit = 9 WHERE rolname = 'app';
END
$$;
