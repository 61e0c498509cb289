// Package pgtest gives each test a database of its own on a real Postgres. One
// cluster serves a test process: it is made when the first test asks, and goes
// with the process, however that ends. Databases are clones of a template that
// was migrated once; a template is kept between runs in the user's cache
// directory under a name made of everything it depends on.
//
// Without Postgres' server programs a test is skipped with the reason; where
// the environment says CI=true it fails.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/postgres"
	"vistka/internal/postgres/private"
)

// shared is the cluster of this test process. It is state of the package
// because the process is the thing it belongs to: tests have no common owner.
var shared = sync.OnceValues(start)

var databases atomic.Int64

const patience = time.Minute

// New returns a pool on a fresh, migrated database. Both end with the test.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return open(t, URL(t))
}

// URL returns the address of a fresh, migrated database, for programs that open
// it themselves. It is dropped when the test ends, whoever is still connected.
func URL(t testing.TB) string {
	t.Helper()
	return create(t, templateName)
}

// Empty returns the address of a fresh database without any of our tables.
func Empty(t testing.TB) string {
	t.Helper()
	return create(t, "template0")
}

func open(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.Open(t.Context(), url, postgres.WithMaxConns(10))
	if err != nil {
		t.Fatalf("open test database: %v", err)
	}
	t.Cleanup(func() {
		closed := make(chan struct{})
		go func() { pool.Close(); close(closed) }()
		select {
		case <-closed:
		case <-time.After(10 * time.Second):
			t.Error("a connection was not given back to the pool: a result set or transaction was left open")
		}
	})
	return pool
}

func create(t testing.TB, template string) string {
	t.Helper()
	c, err := shared()
	if err != nil {
		unavailable(t, err)
	}
	name := fmt.Sprintf("%s_%d", sanitised(t.Name()), databases.Add(1))
	if err := c.exec(t.Context(), c.createDatabase(name, template)); err != nil {
		t.Fatalf("create test database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := c.exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
			t.Errorf("drop test database: %v", err)
		}
	})
	return c.url(name)
}

func unavailable(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, private.ErrNoBinaries) && os.Getenv("CI") != "true" {
		t.Skipf("needs Postgres: %v", err)
	}
	t.Fatalf("start Postgres for tests: %v", err)
}

// sanitised makes a test's name readable in pg_stat_activity and short enough
// for an identifier, which holds 63 octets.
func sanitised(name string) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return '_'
		}
	}, name)
	return s[:min(len(s), 40)]
}
