package guard

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

// installation is a database and a data directory, watched.
type installation struct {
	t     *testing.T
	url   string
	pool  *pgxpool.Pool
	guard *Guard
}

func install(t *testing.T) *installation {
	t.Helper()
	t.Parallel()
	i := &installation{t: t}
	i.connect(pgtest.URL(t))
	i.guard.Dir, i.guard.Name, i.guard.Machine = t.TempDir(), "first", "machine"
	return i
}

// connect works with another database from now on.
func (i *installation) connect(url string) {
	i.t.Helper()
	pool, err := postgres.Open(i.t.Context(), url, postgres.WithMaxConns(4))
	if err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(pool.Close)
	g := Guard{Log: slog.New(slog.NewTextHandler(i.t.Output(), nil))}
	if i.guard != nil {
		g = *i.guard
	}
	g.DB, g.Clock = pool, postgres.NewTestClock(time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC))
	i.url, i.pool, i.guard = url, pool, &g
}

func (i *installation) exec(sql string, args ...any) {
	i.t.Helper()
	if _, err := i.pool.Exec(i.t.Context(), sql, args...); err != nil {
		i.t.Fatalf("%s: %v", sql, err)
	}
}

// check starts and beats once, and expects the switch to stand so afterwards.
// Whatever the switch says, the database agrees on whether mail may go out.
func (i *installation) check(what string, want Cause) {
	i.t.Helper()
	if err := i.guard.Check(i.t.Context()); err != nil {
		i.t.Fatalf("%s: %v", what, err)
	}
	s, err := Read(i.t.Context(), i.pool)
	if err != nil {
		i.t.Fatal(err)
	}
	if s.Cause != want || (s.State == Locked) != (want != "") {
		i.t.Fatalf("%s: sending is %s because %q, want %q", what, s.State, s.Cause, want)
	}
	if may := i.maySend(); may != (want == "") {
		i.t.Fatalf("%s: may send: %t", what, may)
	}
}

func (i *installation) maySend() (may bool) {
	i.t.Helper()
	if err := i.pool.QueryRow(i.t.Context(), `SELECT EXISTS (SELECT FROM sending_allowed)`).Scan(&may); err != nil {
		i.t.Fatal(err)
	}
	return may
}

func (i *installation) unlock() {
	i.t.Helper()
	err := postgres.InTx(i.t.Context(), i.pool, func(tx pgx.Tx) error {
		return Unlock(i.t.Context(), tx, 0, i.guard.Clock.Now())
	})
	if err != nil {
		i.t.Fatal(err)
	}
}

// unlocks says that this copy is the original, which holds from then on.
func (i *installation) unlocks() {
	i.t.Helper()
	i.unlock()
	i.check("unlocked", "")
	i.check("and later", "")
}

func TestDumpRestoredElsewhere(t *testing.T) {
	i := install(t)
	i.check("first start", "")
	dump := pgtest.Dump(t, i.url)
	i.connect(pgtest.Empty(t))
	pgtest.Restore(t, dump, i.url)
	if i.maySend() {
		t.Fatal("the restored database sends before anybody has looked")
	}
	var locked []Cause
	i.guard.OnLock = func(_ context.Context, _ pgx.Tx, c Cause) { locked = append(locked, c) }
	i.check("restored", Restored)
	i.check("started again", Restored)
	if len(locked) != 1 || locked[0] != Restored {
		t.Errorf("what follows a lock was called for %q", locked)
	}
	i.unlocks()
}

func TestDumpRestoredInPlace(t *testing.T) {
	i := install(t)
	i.check("first start", "")
	dump := pgtest.Dump(t, i.url)
	i.check("later", "")
	i.exec(`DROP SCHEMA public, river CASCADE`)
	i.exec(`CREATE SCHEMA public`)
	pgtest.Restore(t, dump, i.url)
	i.check("restored", Restored)
	i.unlocks()
}

// Freezing and rewriting keep xmin; so does nothing that a restore does.
func TestVacuumIsNoRestore(t *testing.T) {
	i := install(t)
	i.check("first start", "")
	for _, sql := range []string{
		`VACUUM (FREEZE) guard`, `VACUUM FULL guard`, `CLUSTER guard USING guard_pkey`, `VACUUM (FULL, FREEZE) guard`,
	} {
		i.exec(sql)
		i.check(sql, "")
	}
}

func TestDatabaseCopiedInTheCluster(t *testing.T) {
	i := install(t)
	i.check("first start", "")
	i.pool.Close() // a template must be unused
	original := strings.TrimPrefix(strings.SplitN(i.url, "?", 2)[0], "postgres:///")
	i.connect(pgtest.Empty(t))
	copied := "copy_of_" + original
	i.exec(fmt.Sprintf(`CREATE DATABASE %q TEMPLATE %q`, copied, original))
	admin := i.pool
	t.Cleanup(func() {
		if _, err := admin.Exec(context.WithoutCancel(t.Context()), fmt.Sprintf(`DROP DATABASE %q WITH (FORCE)`, copied)); err != nil {
			t.Error(err)
		}
	})
	i.connect(strings.Replace(i.url, strings.TrimPrefix(strings.SplitN(i.url, "?", 2)[0], "postgres:///"), copied, 1))
	if i.maySend() {
		t.Fatal("the copy sends before anybody has looked")
	}
	i.check("copied", MovedDatabase)
	i.unlocks()
}

func TestAnotherCluster(t *testing.T) {
	i := install(t)
	i.check("first start", "")
	i.exec(`UPDATE guard SET system_identifier = '7000000000000000001', written_by = pg_current_xact_id()::text::bigint`)
	i.check("moved", MovedDatabase)
	i.unlocks()
	// Where it may not be read, it is no evidence.
	i.exec(`UPDATE guard SET system_identifier = '', written_by = pg_current_xact_id()::text::bigint`)
	i.check("unknown", "")
}

func TestDatabaseRolledBack(t *testing.T) {
	i := install(t)
	i.check("first start", "")
	i.exec(`CREATE TABLE backup AS SELECT * FROM guard_directory`)
	i.check("later", "")
	i.exec(`UPDATE guard_directory d SET mark = b.mark, signature = b.signature, signed_before = b.signed_before FROM backup b`)
	i.check("rolled back", RolledBack)
	i.unlocks()
	i.exec(`DELETE FROM guard_directory`)
	i.check("rolled back to before this directory joined", RolledBack)
	i.unlocks()
}

func TestNothingUnusual(t *testing.T) {
	i := install(t)
	i.check("first start", "")
	i.check("restart", "")

	replica := *i
	guard := *i.guard
	guard.Dir, guard.Name, guard.Machine = t.TempDir(), "second", "another machine"
	replica.guard = &guard
	replica.check("a replica joins", "")
	i.check("the first goes on", "")
	replica.check("and the second", "")

	guard.Machine = ""
	replica.check("the machine's id cannot be read", "")
	guard.Machine = "another machine"
	replica.check("and can again", "")
}

// A crash between database and file, also again and again, is no copy.
func TestCrashBetweenDatabaseAndFile(t *testing.T) {
	i := install(t)
	i.check("first start", "")
	path := i.markPath()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		i.check("started", "")
		if err := os.WriteFile(path, before, 0o600); err != nil { // the same file: as if never written
			t.Fatal(err)
		}
	}
	i.check("started at last", "")
	i.check("and later", "")

	i = &installation{t: t}
	i.connect(pgtest.URL(t))
	i.guard.Dir, i.guard.Name, i.guard.Machine = t.TempDir(), "first", "machine"
	i.check("first start", "")
	if err := os.Truncate(i.markPath(), 0); err != nil {
		t.Fatal(err)
	}
	i.check("the very first was cut short", "")
}

func (i *installation) markPath() string {
	i.t.Helper()
	var lineage string
	if err := i.pool.QueryRow(i.t.Context(), sqlLineage).Scan(&lineage); err != nil {
		i.t.Fatal(err)
	}
	return markPath(i.guard.Dir, i.guard.Name, lineage)
}

func TestDirectoryCopied(t *testing.T) {
	i := install(t)
	i.check("first start", "")
	line, err := os.ReadFile(i.markPath())
	if err != nil {
		t.Fatal(err)
	}
	copied := *i
	guard := *i.guard
	guard.Dir = t.TempDir()
	copied.guard = &guard
	if err := os.WriteFile(filepath.Join(guard.Dir, filepath.Base(i.markPath())), line, 0o600); err != nil {
		t.Fatal(err)
	}
	copied.check("a copy on the same machine", MovedDirectory)
	i.check("the original beside it", MovedDirectory)
	i.unlocks()
	copied.check("the copy still", MovedDirectory)
	copied.unlocks()
	i.check("the original, now the copy", MovedDirectory)
	i.unlocks()

	guard.Name = "a name of its own"
	copied.check("the copy joins as another", "")

	i.guard.Machine = "another machine"
	i.check("moved to another machine", MovedDirectory)
	i.unlocks()

	i.check("later", "")
	if err := os.WriteFile(i.markPath(), line, 0o600); err != nil {
		t.Fatal(err)
	}
	i.check("an older state put into the same file", CopiedDirectory)
	i.unlocks()
}

// Two copies that nothing else tells apart do not both follow one mark.
func TestTwoCopiesAtOnce(t *testing.T) {
	i := install(t)
	i.check("first start", "")
	line, err := os.ReadFile(i.markPath())
	if err != nil {
		t.Fatal(err)
	}
	i.check("the original beats", "")
	theirs, err := os.ReadFile(i.markPath())
	if err != nil {
		t.Fatal(err)
	}
	swap := func(state []byte) {
		if err := os.WriteFile(i.markPath(), state, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	swap(line)
	i.check("the copy beats: as after a crash", "")
	swap(theirs)
	i.check("the original beats again", CopiedDirectory)
}

func TestDamagedMark(t *testing.T) {
	i := install(t)
	i.check("first start", "")
	i.check("later", "")
	if err := os.WriteFile(i.markPath(), bytes.Repeat([]byte{0}, markLength), 0o600); err != nil {
		t.Fatal(err)
	}
	i.check("damaged", CopiedDirectory)
	i.unlocks()
	if err := os.Remove(i.markPath()); err != nil {
		t.Fatal(err)
	}
	// The new file may get the number of the old one: the cause may be either.
	if err := i.guard.Check(t.Context()); err != nil || i.maySend() {
		t.Fatalf("removed, and not locked: %v", err)
	}
	i.unlocks()
}
