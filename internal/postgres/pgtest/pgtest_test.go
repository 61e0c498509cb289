package pgtest_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

func TestNewIsMigratedAndApart(t *testing.T) {
	t.Parallel()
	a, b := pgtest.New(t), pgtest.New(t)
	if n, err := postgres.Pending(t.Context(), a); err != nil || n != 0 {
		t.Fatalf("%d steps pending, %v", n, err)
	}
	if _, err := a.Exec(t.Context(), `INSERT INTO family DEFAULT VALUES`); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := b.QueryRow(t.Context(), `SELECT count(*) FROM family`).Scan(&n); err != nil || n != 0 {
		t.Errorf("a row of one test's database is seen in another's: n = %d, err = %v", n, err)
	}
}

func TestManyClonesAtOnce(t *testing.T) {
	t.Parallel()
	for range 8 {
		t.Run("clone", func(t *testing.T) {
			t.Parallel()
			if err := pgtest.New(t).Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDatabaseGoesWithItsTest(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("inner", func(t *testing.T) {
		url = pgtest.URL(t)
		left, err := pgx.Connect(context.Background(), url) // somebody who never lets go
		if err != nil {
			t.Fatal(err)
		}
		if err := left.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	if t.Failed() || url == "" {
		t.SkipNow()
	}
	if conn, err := pgx.Connect(t.Context(), url); err == nil {
		conn.Close(t.Context())
		t.Error("the database is still there after its test")
	}
}

const victim = "TEST_PGTEST_VICTIM"

// TestVictim is run by the test below, in another process.
func TestVictim(t *testing.T) {
	how := os.Getenv(victim)
	if how == "" {
		t.Skip("only to be run by TestClusterGoesWithItsProcess")
	}
	pool := pgtest.New(t)
	os.Stdout.WriteString("\nsocket " + pool.Config().ConnConfig.Host + "\n")
	switch how {
	case "panic":
		panic("as asked")
	case "exit":
		os.Exit(0)
	default:
		select {}
	}
}

func TestClusterGoesWithItsProcess(t *testing.T) {
	t.Parallel()
	pgtest.New(t) // skips where there is no Postgres
	for _, how := range []string{"panic", "exit", "kill"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestVictim$")
			cmd.Env = append(os.Environ(), victim+"="+how)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			dir := announced(out)
			if how == "kill" {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			_ = cmd.Wait() // it was made to fail
			if dir == "" || !strings.HasPrefix(filepath.Base(dir), "vistka-pgtest-") {
				t.Fatalf("the other process named no cluster: %q", dir)
			}
			awaitGone(t, dir)
		})
	}
}

func announced(out io.Reader) string {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if dir, ok := strings.CutPrefix(lines.Text(), "socket "); ok {
			return dir
		}
	}
	return ""
}

func awaitGone(t *testing.T, path string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s is still there", path)
		case <-tick.C:
		}
	}
}
