-- +goose NO TRANSACTION
-- +goose ENVSUB ON
-- +goose Up
ALTER ROLE app CONNECTION LIMIT ${APP_LIMIT};
-- +goose ENVSUB OFF
-- +goose Down
ALTER ROLE app CONNECTION LIMIT -1; -- expect: PG009
