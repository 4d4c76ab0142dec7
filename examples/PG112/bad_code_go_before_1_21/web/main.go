package main

import (
	"context"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"
)

func main() {
	ctx := context.Background()
	config, _ := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	config.MaxConns = 4
	pool, _ := pgxpool.NewWithConfig(ctx, config) // expect: PG112
	connection, _ := pool.Acquire(ctx)
	connection.Exec(ctx, "LISTEN orders") // expect: PG112
	connection.Conn().WaitForNotification(ctx)
}
