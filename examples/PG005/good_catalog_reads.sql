-- Reading the catalogs is fine, and so is a table of one's own.
SELECT rolname, rolconnlimit FROM pg_catalog.pg_roles WHERE rolconnlimit = -1;

CREATE TABLE limits (rolname text PRIMARY KEY, rolconnlimit integer);
UPDATE limits SET rolconnlimit = -1 WHERE rolname = 'feed';

ALTER ROLE feed CONNECTION LIMIT 10;
