package postgres_test

import (
	"testing"

	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

func TestAnalyzeGrown(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	exec := func(sql string) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	analyzed := func() (rows int) {
		t.Helper()
		if err := postgres.AnalyzeGrown(t.Context(), pool, `"Grown"`, "still"); err != nil {
			t.Fatal(err)
		}
		if err := pool.QueryRow(t.Context(), `SELECT reltuples FROM pg_class WHERE oid = '"Grown"'::regclass`).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	exec(`CREATE TABLE "Grown" WITH (autovacuum_enabled = off) AS SELECT n FROM generate_series(1, 10) AS n`)
	exec(`CREATE TABLE still AS SELECT 1`)
	exec(`ANALYZE`)
	if got := analyzed(); got != 10 {
		t.Errorf("a small table counts %d rows, want 10", got)
	}
	exec(`INSERT INTO "Grown" SELECT generate_series(1, 10000)`)
	if got := analyzed(); got != 10_010 {
		t.Errorf("after it grew a thousandfold it counts %d rows, want 10010", got)
	}
	exec(`INSERT INTO "Grown" SELECT generate_series(1, 10000)`)
	if got := analyzed(); got != 10_010 {
		t.Errorf("after it doubled it was counted again: %d rows", got)
	}
}
