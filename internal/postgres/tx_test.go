package postgres_test

import (
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

// Two that wait for each other: Postgres ends one, and both get done.
func TestADeadlockIsTriedAgain(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ctx := t.Context()
	if _, err := pool.Exec(ctx, `CREATE TABLE pair AS SELECT n, 0 AS times FROM generate_series(1, 2) AS n`); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup // each holds its first row
	both.Add(2)
	var g errgroup.Group
	for _, rows := range [][]int{{1, 2}, {2, 1}} {
		runs := 0
		g.Go(func() error {
			return postgres.InTx(ctx, pool, func(tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, `SET LOCAL deadlock_timeout = '10ms'`); err != nil {
					return err
				}
				runs++
				for i, n := range rows {
					if _, err := tx.Exec(ctx, `UPDATE pair SET times = times + 1 WHERE n = $1`, n); err != nil {
						return err
					}
					if i == 0 && runs == 1 {
						both.Done()
						both.Wait()
					}
				}
				return nil
			})
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	var times int
	if err := pool.QueryRow(ctx, `SELECT sum(times) FROM pair`).Scan(&times); err != nil || times != 4 {
		t.Errorf("%d updates, %v", times, err)
	}
}
