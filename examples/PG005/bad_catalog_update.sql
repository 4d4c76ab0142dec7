CREATE ROLE feed LOGIN CONNECTION LIMIT 10;

-- Lifts one limit and reports it twice: how it is done, and what it leads to.
UPDATE pg_authid SET rolconnlimit = -1 WHERE rolname = 'feed'; -- expect: PG001, PG005

UPDATE pg_catalog.pg_database -- expect: PG005
   SET datconnlimit = 50
 WHERE datname NOT LIKE 'template%';
