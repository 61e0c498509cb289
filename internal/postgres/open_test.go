package postgres_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

// with adds parameters to a database's URL.
func with(t *testing.T, raw, params string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery += "&" + params
	return u.String()
}

func setting(t *testing.T, db postgres.DB, name string) string {
	t.Helper()
	var v string
	if err := db.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestOpenSetsUpSessions(t *testing.T) {
	t.Parallel()
	raw := pgtest.URL(t)
	for _, tc := range []struct {
		name, params string
		opts         []postgres.Option
		want         map[string]string
		conns        int32
	}{
		{name: "plain", conns: 16, want: map[string]string{
			"application_name": "vistka", "TimeZone": "UTC", "statement_timeout": "0", "idle_in_transaction_session_timeout": "5min",
		}},
		{
			name: "options", conns: 16, opts: []postgres.Option{postgres.WithStatementTimeout(1500 * time.Millisecond), postgres.WithApplicationName("vistka web")},
			want: map[string]string{"application_name": "vistka web", "statement_timeout": "1500ms"},
		},
		{
			name: "the url wins", conns: 3, params: "pool_max_conns=3&application_name=mine", opts: []postgres.Option{postgres.WithApplicationName("vistka web")},
			want: map[string]string{"application_name": "mine"},
		},
		{
			name: "behind a pooler", conns: 16, params: "default_query_exec_mode=cache_describe", opts: []postgres.Option{postgres.WithStatementTimeout(time.Second)},
			want: map[string]string{"application_name": "vistka", "TimeZone": "UTC", "statement_timeout": "0", "idle_in_transaction_session_timeout": "0"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			pool, err := postgres.Open(t.Context(), with(t, raw, tc.params), tc.opts...)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(pool.Close)
			for name, want := range tc.want {
				if got := setting(t, pool, name); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
			if got := pool.Config().MaxConns; got != tc.conns {
				t.Errorf("%d connections, want %d", got, tc.conns)
			}
			var at time.Time
			var list []time.Time
			err = pool.QueryRow(t.Context(), "SELECT '2026-03-29 03:30+03'::timestamptz, ARRAY['2026-03-29 03:30+03'::timestamptz]").Scan(&at, &list)
			want := time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC)
			if err != nil || at != want || len(list) != 1 || list[0] != want {
				t.Errorf("times %v and %v (%v), want %v in UTC", at, list, err, want)
			}
		})
	}
}

func TestOpenRefusesModesThatGuess(t *testing.T) {
	t.Parallel()
	raw := pgtest.URL(t)
	for _, mode := range []string{"exec", "simple_protocol", "describe_exec"} {
		pool, err := postgres.Open(t.Context(), with(t, raw, "default_query_exec_mode="+mode))
		if err == nil {
			pool.Close()
			t.Errorf("opened with %s", mode)
		} else if !strings.Contains(err.Error(), "write cache_describe") {
			t.Errorf("%s: the error does not say what to do: %v", mode, err)
		}
	}
}

func TestStatementTimeoutEndsAStatement(t *testing.T) {
	t.Parallel()
	pool, err := postgres.Open(t.Context(), pgtest.URL(t), postgres.WithStatementTimeout(20*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	_, err = pool.Exec(t.Context(), "SELECT pg_sleep(60)")
	if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "57014" {
		t.Errorf("error %v, want query_canceled", err)
	}
}

func TestOpenDoesNotTellThePassword(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"postgres://reader:s3cret@127.0.0.1:1/vistka",
		"postgres://reader:s3cret@127.0.0.1:port/vistka",
		"postgres://reader:s3cret@127.0.0.1/vistka?pool_max_conns=many",
	} {
		pool, err := postgres.Open(t.Context(), raw)
		if err == nil {
			pool.Close()
			t.Fatalf("opened %s", raw)
		}
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

func TestInTxRollsBack(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	boom := errors.New("boom")
	err := postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "INSERT INTO family DEFAULT VALUES"); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Errorf("error %v, want %v", err, boom)
	}
	var n int
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM family").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows stayed, %v", n, err)
	}
}
