-- +goose Up
-- +goose StatementBegin
DO $$
BEGIN
  CREATE ROLE app LOGIN CONNECTION LIMIT 20;
END
$$;
-- +goose StatementEnd
CREATE ROLE batch LOGIN; -- expect: PG001

-- +goose Down
DROP ROLE batch;
ALTER ROLE app CONNECTION LIMIT -1; -- expect: PG009
