package migrations

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"
)

const alter = "ALTER ROLE app "

func init() {
	goose.AddMigrationContext(forward, back)
}

func forward(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, alter+"CONNECTION LIMIT 20"); err != nil {
		return err
	}
	_, err := tx.Exec(fmt.Sprintf("CREATE ROLE batch LOGIN CONNECTION LIMIT %d", 3))
	_, err = tx.Exec(`
		SET lock_timeout = 1000;
		CREATE ROLE report LOGIN CONNECTION LIMIT -1 -- expect: PG001
	`)
	return err
}

func back(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "ALTER ROLE app CONNECTION LIMIT -1") // expect: PG009
	return err
}
