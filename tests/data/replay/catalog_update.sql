CREATE ROLE app LOGIN CONNECTION LIMIT 5;
CREATE ROLE other LOGIN CONNECTION LIMIT 6;
UPDATE pg_catalog.pg_authid SET rolconnlimit = -1 WHERE rolname = 'app';
