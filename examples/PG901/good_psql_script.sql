\set ON_ERROR_STOP on
\connect postgres
\echo 'not SQL, and still nothing to report'

SET search_path = :schema, public;
CREATE TABLE :"table" (id bigint, owner text DEFAULT :'owner');
INSERT INTO notes VALUES ('it''s ${not} a {{ placeholder }}');

COPY notes FROM stdin;
a single ' quote; CREATE ROLE x LOGIN;
\.

SELECT count(*) AS rows FROM notes \gset
\if :{?rows}
    SELECT :rows;
\endif
CREATE SCHEMA ${schema} AUTHORIZATION {{ .Owner }};
