-- A database without any limit is the normal case.
CREATE DATABASE orders;

CREATE DATABASE reports CONNECTION LIMIT -1;
ALTER DATABASE reports CONNECTION LIMIT 40;
ALTER DATABASE reports RENAME TO reporting;

CREATE DATABASE scratch CONNECTION LIMIT -1;
DROP DATABASE scratch;

SELECT 'CREATE DATABASE metrics' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'metrics')\gexec
