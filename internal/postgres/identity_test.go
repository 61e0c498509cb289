package postgres_test

import (
	"testing"

	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

// Where a role may not ask, as with managed databases, nothing is known and
// nothing fails, nor is a transaction spoilt.
func TestIdentity(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ctx := t.Context()
	id, err := postgres.SystemIdentifier(ctx, pool)
	if err != nil || len(id) < 10 {
		t.Errorf("system identifier %q, %v", id, err)
	}
	if n, err := postgres.Timeline(ctx, pool); err != nil || n != 1 {
		t.Errorf("timeline %d, %v", n, err)
	}
	for _, sql := range []string{
		`REVOKE EXECUTE ON FUNCTION pg_control_system(), pg_current_wal_lsn() FROM PUBLIC`,
		`CREATE ROLE identity_test NOLOGIN`,
		`GRANT USAGE ON SCHEMA public TO identity_test`,
	} {
		if _, err := pool.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SET ROLE identity_test`); err != nil {
		t.Fatal(err)
	}
	if n, err := postgres.Timeline(ctx, conn); err != nil || n != 0 {
		t.Errorf("refused: timeline %d, %v", n, err)
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(ctx)
	if id, err := postgres.SystemIdentifier(ctx, tx); err != nil || id != "" {
		t.Errorf("refused: system identifier %q, %v", id, err)
	}
	if _, err := tx.Exec(ctx, `SELECT 1`); err != nil {
		t.Errorf("the transaction is spoilt: %v", err)
	}
	if _, err := conn.Exec(ctx, `RESET ROLE`); err != nil {
		t.Error(err)
	}
}
