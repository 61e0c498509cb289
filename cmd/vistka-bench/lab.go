package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/postgres"
	"vistka/internal/postgres/private"
)

// lab is what every measurement stands on: the binary, a PostgreSQL with its
// default settings, and a news site. The PostgreSQL is this process's own, so
// that what a vistka uses is told apart from it; each vistka finds it through
// the data directory.
type lab struct {
	*session
	dir    string
	binary string
	site   *site
	server *private.Server
	db     *pgxpool.Pool
	pid    int // of the postmaster
}

// openLab makes a lab in a temporary directory.
func openLab(ctx context.Context, s *session) (l *lab, err error) {
	l = &lab{session: s}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	if err := l.makeDir(); err != nil {
		return l, err
	}
	if err := l.build(ctx); err != nil {
		return l, err
	}
	if l.site, err = newSite(); err != nil {
		return l, err
	}
	s.say("starting PostgreSQL")
	if l.server, err = private.Start(ctx, private.Options{DataDir: l.dataDir()}); err != nil {
		return l, err
	}
	if l.pid, err = postmaster(l.dataDir()); err != nil {
		return l, err
	}
	if err := l.vistka(ctx, "migrate"); err != nil {
		return l, err
	}
	l.db, err = postgres.Open(ctx, l.server.URL(), postgres.WithApplicationName("vistka-bench"), postgres.WithMaxConns(2))
	return l, err
}

// withLab opens a lab for f and clears it away.
func withLab(ctx context.Context, s *session, f func(l *lab) error) error {
	l, err := openLab(ctx, s)
	if err != nil {
		return err
	}
	return errors.Join(f(l), l.close())
}

func (l *lab) dataDir() string { return filepath.Join(l.dir, "var") }

func (l *lab) makeDir() error {
	account, err := private.ServerAccount()
	if err != nil {
		return err
	}
	if l.dir, err = os.MkdirTemp("", "vistka-bench-"); err != nil {
		return err
	}
	if err := os.Chmod(l.dir, 0o711); err != nil { // the server's user has to pass
		return err
	}
	if !account.CanReach(l.dir) {
		return fmt.Errorf("user %s cannot enter %s: set TMPDIR to a directory that everybody may enter", account.Name, l.dir)
	}
	return nil
}

// build makes the binary, unless one was given.
func (l *lab) build(ctx context.Context) (err error) {
	if l.Vistka != "" {
		l.binary, err = filepath.Abs(l.Vistka)
		return err
	}
	l.say("building vistka")
	l.binary = filepath.Join(l.dir, "vistka")
	out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", l.binary, "vistka/cmd/vistka").CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build: %w: run this in Vistka's source, or give --vistka\n%s", err, out)
	}
	return nil
}

// postmaster reads the process id from the first line of postmaster.pid.
func postmaster(dataDir string) (int, error) {
	text, err := os.ReadFile(filepath.Join(dataDir, "postgres", "data", "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strconv.Atoi(strings.TrimSpace(line))
}

// postgresCPU is the processor time of all of PostgreSQL so far.
func (l *lab) postgresCPU() (time.Duration, error) { return cpuOfFamily(l.pid) }

// command is a vistka with the lab's settings and no others.
func (l *lab) command(args []string, env ...string) *exec.Cmd {
	c := exec.Command(l.binary, args...)
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "VISTKA_") {
			c.Env = append(c.Env, kv)
		}
	}
	c.Env = append(c.Env, "VISTKA_DATA_DIR="+l.dataDir(), "VISTKA_FEED_ALLOW="+l.site.host(), "VISTKA_LOG_FORMAT=json")
	c.Env = append(c.Env, env...)
	return c
}

// vistka runs one command to its end.
func (l *lab) vistka(ctx context.Context, args ...string) error {
	c, err := start(l.command(args))
	if err != nil {
		return err
	}
	return c.wait(ctx)
}

// close ends PostgreSQL and removes the directory.
func (l *lab) close() error {
	var errs []error
	if l.db != nil {
		l.db.Close()
	}
	if l.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), stopPatience)
		defer cancel()
		errs = append(errs, l.server.Stop(ctx))
	}
	if l.site != nil {
		errs = append(errs, l.site.close())
	}
	if l.dir != "" {
		errs = append(errs, os.RemoveAll(l.dir))
	}
	return errors.Join(errs...)
}

// freeAddr is a port of 127.0.0.1 that nobody listens on now.
func freeAddr() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}
