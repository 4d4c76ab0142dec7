-- migrate:up transaction:false
ALTER ROLE app CONNECTION LIMIT -1; -- expect: PG001

-- migrate:down
ALTER ROLE app CONNECTION LIMIT 20;
