package private

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const childEnv = "TEST_PRIVATE_CHILD"

// TestMain lets the test binary play another vistka: it starts or adopts the
// server, says which, keeps it, and stops when its input ends.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

func child(dir string) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := Start(ctx, Options{DataDir: dir})
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	fmt.Println("owner", s.Owner())
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	cancel()
	if err := errors.Join(<-ran, s.Stop(context.Background())); err != nil {
		return 1
	}
	return 0
}

// process is another vistka on the same data directory.
type process struct {
	cmd   *exec.Cmd
	out   *bufio.Reader
	leave func()
}

func spawn(t *testing.T, dataDir string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^$")
	cmd.Env = append(os.Environ(), childEnv+"="+dataDir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, out: bufio.NewReader(out)}
	p.leave = func() { in.Close(); _ = cmd.Wait() }
	t.Cleanup(p.leave)
	return p
}

// owner waits until the process has its database and returns what it says.
func (p *process) owner(t *testing.T) bool {
	t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "owner ") {
		t.Fatalf("the other process said %q, %v", line, err)
	}
	return strings.TrimSpace(line) == "owner true"
}

func needPostgres(t *testing.T) {
	t.Helper()
	if _, err := FindBinaries(0); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("needs Postgres: %v", err)
	}
}

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// openDir is a temporary directory that the server's user may walk down to:
// the testing package makes its own for this user alone.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// dataDir is one that is not there yet.
func dataDir(t *testing.T) string {
	t.Helper()
	needPostgres(t)
	return filepath.Join(openDir(t), "var")
}

func mustStart(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(bounded(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(bounded(t)); err != nil {
			t.Error(err)
		}
	})
	return s
}

// running runs s until the test ends, before it is stopped.
func running(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func try(ctx context.Context, s *Server, sql string) (string, error) {
	conn, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		return "", err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, sql)
	if err != nil {
		return "", err
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return strings.Join(values, ","), err
}

func query(t *testing.T, s *Server, sql string) string {
	t.Helper()
	got, err := try(bounded(t), s, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return got
}

// eventually polls until f is satisfied.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	ctx := bounded(t)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}
