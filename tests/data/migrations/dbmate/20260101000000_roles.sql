-- migrate:up
CREATE ROLE app LOGIN CONNECTION LIMIT 20;

-- migrate:down
DROP ROLE app;
