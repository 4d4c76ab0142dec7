\set ON_ERROR_STOP on
\set limit -1

SELECT 'CREATE ROLE metrics LOGIN' -- expect: PG001
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'metrics')\gexec

ALTER ROLE exporter CONNECTION LIMIT :limit; -- expect: PG001

COPY settings (name, value) FROM stdin;
owner	it's the metrics role; CREATE ROLE nobody LOGIN;
\.

CREATE USER grafana; -- expect: PG001
