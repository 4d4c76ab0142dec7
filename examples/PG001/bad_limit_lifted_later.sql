-- The limit was there, until somebody lifted it for one night.
CREATE ROLE billing LOGIN CONNECTION LIMIT 20;
ALTER ROLE billing SET statement_timeout = '30s';

BEGIN;
ALTER ROLE billing CONNECTION LIMIT -1; -- expect: PG001
COMMIT;

-- Made by Terraform; nobody lifts the limit of a role that cannot log in.
ALTER USER search CONNECTION LIMIT -1; -- expect: PG001

-- DROP and CREATE loses what ALTER had set.
CREATE ROLE importer LOGIN;
ALTER ROLE importer CONNECTION LIMIT 4;
DROP ROLE importer;
CREATE ROLE importer LOGIN; -- expect: PG001
