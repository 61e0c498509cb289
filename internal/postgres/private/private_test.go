package private

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func TestClusterIsDurableAndKeepsItsData(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	s := mustStart(t, Options{DataDir: dir})
	if !s.Owner() {
		t.Error("the first process is not the owner")
	}
	for setting, want := range map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on",
		"data_checksums": "on", "listen_addresses": "", "unix_socket_permissions": "0700",
		"server_encoding": "UTF8",
	} {
		if got := query(t, s, "SELECT current_setting('"+setting+"')"); got != want {
			t.Errorf("%s = %q, want %q", setting, got, want)
		}
	}
	if got := query(t, s, "SELECT lower('ВІСТКА')"); got != "вістка" {
		t.Errorf("lower of Cyrillic = %q: the locale knows no letters", got)
	}
	query(t, s, "CREATE TABLE kept AS SELECT 'here'::text AS word")
	if err := s.Stop(bounded(t)); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(dir, "postgres", "log"))
	if err != nil || !strings.Contains(string(log), "database system is shut down") {
		t.Errorf("not stopped cleanly: %v\n%s", err, log)
	}

	again := mustStart(t, Options{DataDir: dir})
	if got := query(t, again, "SELECT word FROM kept"); got != "here" {
		t.Errorf("after a restart: %q", got)
	}
	if s.URL() != again.URL() {
		t.Errorf("the URL changed from %s to %s", s.URL(), again.URL())
	}
}

func TestServerRunsAsAnotherUserThanRoot(t *testing.T) {
	t.Parallel()
	s := mustStart(t, Options{DataDir: dataDir(t)})
	status, err := os.ReadFile("/proc/" + strconv.Itoa(s.own.process.Pid) + "/status")
	if err != nil {
		t.Skipf("needs /proc: %v", err)
	}
	_, rest, _ := strings.Cut(string(status), "\nUid:")
	line, _, _ := strings.Cut(rest, "\n")
	for _, id := range strings.Fields(line) {
		if id == "0" {
			t.Errorf("uids of the server: %s", line)
		}
	}
}

func TestSecondAdoptsAndTakesOverWhenOwnerLeaves(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	owner := mustStart(t, Options{DataDir: dir})
	query(t, owner, "CREATE TABLE kept AS SELECT 'here'::text AS word")
	second := mustStart(t, Options{DataDir: dir})
	if second.Owner() || second.URL() != owner.URL() {
		t.Fatalf("second: owner %t, %s; first: %s", second.Owner(), second.URL(), owner.URL())
	}
	running(t, second)
	if err := owner.Stop(bounded(t)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second starts the server again", second.Owner)
	if got := query(t, second, "SELECT word FROM kept"); got != "here" {
		t.Errorf("after the change of owner: %q", got)
	}
}

func TestAdopterLeavesTheServerAlone(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	owner := mustStart(t, Options{DataDir: dir})
	second := mustStart(t, Options{DataDir: dir})
	if err := second.Stop(bounded(t)); err != nil {
		t.Fatal(err)
	}
	query(t, owner, "SELECT 'still here'")
}

func TestKilledOwnerIsSucceeded(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	p := spawn(t, dir)
	if !p.owner(t) {
		t.Fatal("the first process is not the owner")
	}
	s := mustStart(t, Options{DataDir: dir})
	if s.Owner() {
		t.Fatal("two owners")
	}
	running(t, s)
	query(t, s, "CREATE TABLE kept AS SELECT 'here'::text AS word")
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the survivor starts the server again", s.Owner)
	if got := query(t, s, "SELECT word FROM kept"); got != "here" {
		t.Errorf("after the owner was killed: %q", got)
	}
}

func TestKilledServerIsStartedAgain(t *testing.T) {
	t.Parallel()
	s := mustStart(t, Options{DataDir: dataDir(t)})
	running(t, s)
	query(t, s, "CREATE TABLE kept AS SELECT 'here'::text AS word")
	first := query(t, s, "SELECT pg_postmaster_start_time()::text")
	if err := s.own.process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another server answers", func() bool {
		now, err := try(context.Background(), s, "SELECT pg_postmaster_start_time()::text")
		return err == nil && now != first
	})
	if got := query(t, s, "SELECT word FROM kept"); got != "here" {
		t.Errorf("after the server was killed: %q", got)
	}
}

func TestManyAtTheSameInstantMakeOneServer(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	const n = 4
	processes := make([]*process, n)
	for i := range processes {
		processes[i] = spawn(t, dir)
	}
	owners := 0
	for _, p := range processes {
		if p.owner(t) {
			owners++
		}
	}
	if owners != 1 {
		t.Errorf("%d of %d processes started the server, want 1", owners, n)
	}
}

func TestStartWaitsForAServerThatIsShuttingDown(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	first := mustStart(t, Options{DataDir: dir})
	query(t, first, "CREATE TABLE kept AS SELECT g::text AS word FROM generate_series(1, 20000) g")
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := first.Stop(bounded(t)); err != nil {
			t.Error(err)
		}
	})
	// Whether this sees it up, going or gone, it ends with a database.
	second := mustStart(t, Options{DataDir: dir})
	running(t, second)
	wg.Wait()
	eventually(t, "the second has a database", func() bool {
		got, err := try(context.Background(), second, "SELECT count(*)::text FROM kept")
		return err == nil && got == "20000"
	})
}

func TestPIDOfACrashThatBelongsToAnotherProgramNow(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	s := mustStart(t, Options{DataDir: dir})
	if err := s.Stop(bounded(t)); err != nil {
		t.Fatal(err)
	}
	other := exec.Command("sleep", "600")
	other.Dir = "/"
	account := s.home.account
	other.SysProcAttr = account.Attr() // the server's own user: kill(pid, 0) succeeds
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Process.Kill(); _ = other.Wait() })
	text := strconv.Itoa(other.Process.Pid) + "\n" + s.home.data() + "\n1700000000\n5432\n" + s.home.dir + "\n\n  1   2\nready\n"
	if err := os.WriteFile(s.home.pidPath(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := account.Own(s.home.pidPath()); err != nil {
		t.Fatal(err)
	}
	again := mustStart(t, Options{DataDir: dir})
	query(t, again, "SELECT 'up'")
}
