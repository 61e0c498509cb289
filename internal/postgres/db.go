// Package postgres opens the database: pool, transactions, migrations, the
// clock. It knows no table; each capability's package owns its own SQL.
package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// DB is what a function that touches the database takes: a pool or a
// transaction. The caller owns the transaction.
type DB interface {
	Begin(ctx context.Context) (pgx.Tx, error)
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

const (
	// deadlockTries is how often InTx begins a transaction that Postgres chose to
	// end so that another could go on.
	deadlockTries = 4
	// deadlockPause is the most it waits before: the other must get the rows first.
	deadlockPause = 100 * time.Millisecond
)

// InTx runs f in a transaction of db: committed when f returns nil, rolled
// back otherwise, also on panic. After a deadlock, which undid all of it, f runs
// again, so what f hands out it sets and does not add to. No network call
// belongs inside f.
func InTx(ctx context.Context, db DB, f func(tx pgx.Tx) error) error {
	tries := deadlockTries
	if _, inside := db.(pgx.Tx); inside {
		tries = 1 // the outer one still holds the rows that the other waits for
	}
	for {
		err := pgx.BeginFunc(ctx, db, f)
		if tries--; tries > 0 && isDeadlock(err) {
			select {
			case <-ctx.Done():
			case <-time.After(deadlockPause/2 + rand.N(deadlockPause/2)):
				continue
			}
		}
		if err != nil {
			return fmt.Errorf("transaction: %w", err)
		}
		return nil
	}
}
