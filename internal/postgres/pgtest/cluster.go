package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
	"vistka/internal/postgres/private"
)

const templateName = "vistka_template"

type cluster struct {
	dir      string
	binaries private.Binaries
	account  private.Account
	lock     *os.File // flock'd; inherited by the server
	leash    *os.File // when this end of the pipe closes, the supervisor cleans up
	process  *exec.Cmd

	mu    sync.Mutex
	admin *pgx.Conn // makes and drops databases; nil or closed: to be opened
}

// start makes the cluster of this process: from a kept seed where there is one.
func start() (*cluster, error) {
	c, err := newCluster()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s := seedFor(c.binaries)
	if s.restore(c) {
		return c, c.serve(ctx)
	}
	if err := c.initialise(ctx); err != nil {
		return nil, err
	}
	if err := c.serve(ctx); err != nil {
		return nil, err
	}
	if err := c.migrateTemplate(ctx); err != nil {
		return nil, err
	}
	if err := c.halt(); err != nil {
		return nil, err
	}
	s.keep(c)
	return c, c.serve(ctx)
}

func newCluster() (*cluster, error) {
	bin, err := private.FindBinaries(0)
	if err != nil {
		return nil, err
	}
	account, err := private.ServerAccount()
	if err != nil {
		return nil, err
	}
	c := &cluster{binaries: bin, account: account}
	if c.dir, err = os.MkdirTemp(place(account), dirPrefix); err != nil {
		return nil, err
	}
	if err := account.Own(c.dir); err != nil {
		return nil, err
	}
	if c.lock, err = claim(c.dir); err != nil {
		return nil, err
	}
	return c, nil
}

// place is the directory that clusters are made in, swept. It is in memory where
// there is room: each test makes and removes a database of hundreds of files,
// and some file systems look through all that was removed lately for each new one.
func place(account private.Account) string {
	disk := os.TempDir()
	if !account.CanReach(disk) || len(disk) > 60 { // a socket's path is short
		disk = "/tmp"
	}
	sweep(disk)
	if !roomInMemory() || !account.CanReach(memory) {
		return disk
	}
	sweep(memory)
	return memory
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

// initialise makes the files. Small WAL segments and no fsync: nothing here
// outlives the process.
func (c *cluster) initialise(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, c.binaries.Initdb(), "-D", c.data(), "-U", "vistka", "-A", "trust",
		"-E", "UTF8", "--locale="+private.Locale(), "--no-sync", "--wal-segsize=4")
	cmd.Dir, cmd.SysProcAttr = c.dir, c.account.Attr()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

// supervise runs the server and outlives this process by a moment: when the
// leash closes, by a clean end, a panic or kill -9 alike, it stops the server
// and removes the files. $0 is the server, $1 the directory.
const supervise = `
"$0" -D "$1/data" -k "$1" -c listen_addresses= -c unix_socket_permissions=0700 \
  -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off -c jit=off \
  -c max_connections=400 -c shared_buffers=64MB -c max_wal_size=1GB -c wal_level=minimal -c max_wal_senders=0 \
  -c log_checkpoints=off -c timezone=Asia/Kathmandu </dev/null &
server=$!
read -r answer
if [ "$answer" = stop ]; then kill -INT $server; wait $server; exit 0; fi
kill -QUIT $server
wait $server
rm -rf "$1"
`

func (c *cluster) serve(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(c.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	c.leash = write
	c.process = exec.Command("/bin/sh", "-c", supervise, c.binaries.Postgres(), c.dir)
	c.process.Dir, c.process.SysProcAttr = c.dir, c.account.Attr()
	c.process.Stdin, c.process.Stdout, c.process.Stderr = read, log, log
	c.process.ExtraFiles = []*os.File{c.lock}
	if err := c.process.Start(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	return c.awaitReady(ctx)
}

func (c *cluster) awaitReady(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := c.exec(ctx, "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			said, _ := os.ReadFile(filepath.Join(c.dir, "log"))
			return fmt.Errorf("postgres did not come up: %w: %s", err, said)
		case <-tick.C:
		}
	}
}

// halt stops the server cleanly and keeps its files.
func (c *cluster) halt() error {
	_, err := c.leash.WriteString("stop\n")
	return errors.Join(err, c.leash.Close(), c.process.Wait())
}

func (c *cluster) migrateTemplate(ctx context.Context) error {
	if err := c.exec(ctx, c.createDatabase(templateName, "template0")); err != nil {
		return fmt.Errorf("create template: %w", err)
	}
	pool, err := postgres.Open(ctx, c.url(templateName))
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := postgres.Migrate(ctx, pool, nil); err != nil {
		return err
	}
	pool.Close()
	// Nobody may connect any more: a clone needs its template unused.
	return c.exec(ctx, "ALTER DATABASE "+templateName+" WITH IS_TEMPLATE true ALLOW_CONNECTIONS false")
}

// createDatabase copies the template's files: where those lie in memory that is
// a quarter of the work of copying through the log, two checkpoints included.
func (c *cluster) createDatabase(name, template string) string {
	s := "CREATE DATABASE " + pgx.Identifier{name}.Sanitize() + " TEMPLATE " + template
	if c.binaries.Major >= 15 {
		s += " STRATEGY file_copy"
	}
	return s
}

// exec runs one statement, and is called by many tests at once. They share a
// connection: opening one costs the server more than most statements.
func (c *cluster) exec(ctx context.Context, sql string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.admin == nil || c.admin.IsClosed() {
		var err error
		if c.admin, err = pgx.Connect(context.WithoutCancel(ctx), c.url("postgres")); err != nil {
			return err
		}
	}
	_, err := c.admin.Exec(ctx, sql)
	return err
}

func (c *cluster) url(database string) string {
	return "postgres:///" + database + "?user=vistka&host=" + url.QueryEscape(c.dir)
}
