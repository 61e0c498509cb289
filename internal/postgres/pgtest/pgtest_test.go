package pgtest_test

import (
	"testing"

	"vistka/internal/postgres/pgtest"
)

func TestNewIsMigratedAndApart(t *testing.T) {
	t.Parallel()
	a, b := pgtest.New(t), pgtest.New(t)
	const insert = `INSERT INTO family DEFAULT VALUES`
	if _, err := a.Exec(t.Context(), insert); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := b.QueryRow(t.Context(), `SELECT count(*) FROM family`).Scan(&n); err != nil || n != 0 {
		t.Errorf("a row of one test's database is seen in another's: n = %d, err = %v", n, err)
	}
}
