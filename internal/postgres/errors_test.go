package postgres_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

// raised makes the server report an error with the given SQLSTATE.
func raised(t *testing.T, db postgres.DB, state string) error {
	t.Helper()
	_, err := db.Exec(t.Context(), "DO $$ BEGIN RAISE EXCEPTION 'as asked' USING ERRCODE = '"+state+"'; END $$")
	if err == nil {
		t.Fatal("no error")
	}
	return err
}

func TestServersErrorsAreTold(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	for _, tc := range []struct {
		state             string
		unavailable, full bool
	}{
		{"53100", false, true},
		{"53300", true, false},
		{"57P01", true, false},
		{"57P03", true, false},
		{"08006", true, false},
		{"25006", true, false},
		{"23505", false, false},
		{"57014", false, false},
		{"53200", false, false},
	} {
		err := raised(t, pool, tc.state)
		if got := postgres.IsUnavailable(err); got != tc.unavailable {
			t.Errorf("%s: unavailable %t", tc.state, got)
		}
		if got := postgres.IsDiskFull(err); got != tc.full {
			t.Errorf("%s: disk full %t", tc.state, got)
		}
	}
}

func TestUnavailableWithoutAServer(t *testing.T) {
	t.Parallel()
	_, err := postgres.Open(t.Context(), "postgres:///vistka?user=x&host="+t.TempDir())
	if !postgres.IsUnavailable(err) {
		t.Errorf("nobody listens, and the error is %v", err)
	}
	if postgres.IsUnavailable(nil) || postgres.IsDiskFull(nil) || postgres.IsUnavailable(errors.New("other")) || postgres.IsUnavailable(pgx.ErrNoRows) {
		t.Error("not every error is the server's absence")
	}
}

func TestUnavailableWhenTheConnectionIsCut(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := pool.Exec(t.Context(), "SELECT pg_terminate_backend($1)", conn.Conn().PgConn().PID()); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"first", "second"} {
		if _, err := conn.Exec(t.Context(), "SELECT 1"); !postgres.IsUnavailable(err) {
			t.Errorf("%s statement after the cut: %v", when, err)
		}
	}
}

func TestWrongDatabaseIsNotAnAbsentOne(t *testing.T) {
	t.Parallel()
	cfg, err := pgx.ParseConfig(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Database = "no_such_database"
	_, err = pgx.ConnectConfig(t.Context(), cfg)
	if _, ok := errors.AsType[*pgconn.ConnectError](err); !ok || postgres.IsUnavailable(err) {
		t.Errorf("waiting does not help against %v", err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	s, err := postgres.Settings(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	if s.Fsync || s.SynchronousCommit != "off" || s.FullPageWrites || s.Durable() {
		t.Errorf("the test cluster is not durable, and the settings say %+v", s)
	}
	if s.Version == "" {
		t.Errorf("settings %+v", s)
	}
	durable := postgres.ServerSettings{Fsync: true, FullPageWrites: true, SynchronousCommit: "on"}
	for _, spoil := range []func(*postgres.ServerSettings){
		func(s *postgres.ServerSettings) { s.Fsync = false },
		func(s *postgres.ServerSettings) { s.FullPageWrites = false },
		func(s *postgres.ServerSettings) { s.SynchronousCommit = "off" },
	} {
		spoilt := durable
		spoil(&spoilt)
		if !durable.Durable() || spoilt.Durable() {
			t.Errorf("durable: %+v %t, %+v %t", durable, durable.Durable(), spoilt, spoilt.Durable())
		}
	}
}
