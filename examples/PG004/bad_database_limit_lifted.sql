CREATE DATABASE orders CONNECTION LIMIT 80;
ALTER DATABASE orders CONNECTION LIMIT -1; -- expect: PG004

CREATE DATABASE scratch
    TEMPLATE template0
    CONNECTION LIMIT = -1; -- the finding stands at the statement
-- expect-next-line: PG004
ALTER DATABASE scratch WITH CONNECTION LIMIT -1;

-- expect-next-line: PG004
SELECT 'CREATE DATABASE reports CONNECTION LIMIT -1'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'reports')\gexec
