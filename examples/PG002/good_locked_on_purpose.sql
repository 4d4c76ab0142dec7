-- NOLOGIN says what is meant; the limit no longer matters.
CREATE ROLE archive LOGIN CONNECTION LIMIT 0;
ALTER ROLE archive NOLOGIN;

CREATE ROLE archive_owner CONNECTION LIMIT 0;
CREATE ROLE exporter LOGIN CONNECTION LIMIT 1;
