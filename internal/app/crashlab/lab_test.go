// Package crashlab_test kills the real program, its database and its relay in
// the middle of editions, and holds afterwards what the relay accepted against
// what the ledger says: nobody is left out, and whatever came twice came with
// the same bytes and is listed as having been in doubt.
//
// `go test` runs as much of it as fits into some seconds; VISTKA_CRASH=long
// (make crash) runs all of it. What a run decides by lot depends on the seed it
// prints, which VISTKA_CRASH_SEED sets.
package crashlab_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"vistka/internal/app"
	"vistka/internal/config"
	"vistka/internal/mailer/smtptest"
)

const (
	connections = 8
	secret      = "known-to-every-process-of-the-test"
)

// long says that everything is wanted at its full size.
func long() bool { return os.Getenv("VISTKA_CRASH") == "long" }

func sized(short, full int) int {
	if long() {
		return full
	}
	return short
}

func takesMinutes(t *testing.T) {
	t.Helper()
	if !long() {
		t.Skip("takes a minute: make crash runs it")
	}
}

func newDice(t *testing.T) *rand.Rand {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("VISTKA_CRASH_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("VISTKA_CRASH_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// binary builds the program once for all tests of the process, as it is shipped
// and not with the flags that the tests themselves may be built with.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(workshop, "vistka")
	build := exec.Command("go", "build", "-o", path, "vistka/cmd/vistka")
	build.Env = append(os.Environ(), "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
})

// workshop is where the binary lies. It belongs to the process, as the binary does.
var workshop string

func TestMain(m *testing.M) {
	var err error
	if workshop, err = os.MkdirTemp("", "vistka-crashlab-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(workshop); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// lab is a site, a relay, and a database with a newsletter that has readers.
// The programs that work for it are nodes.
type lab struct {
	t      *testing.T
	config config.Config
	news   *site
	relay  *smtptest.Server
	past   []smtptest.Mail // accepted by the relay before this one, of the same edition
	desk   *app.App        // what a person beside the service has: the use cases, and the ledger
}

// newLab sets up everything but the service. With an empty url the database is
// the private one of the data directory, which the desk runs and the nodes adopt.
func newLab(t *testing.T, dataDir, url string, readers int) *lab {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the real program for a while")
	}
	l := &lab{t: t, news: newSite(t), config: config.Config{
		Listen: freePort(t), DataDir: dataDir, DatabaseURL: url, Run: []string{"web"}, LogFormat: "text",
	}}
	if url != "" {
		l.config.SecretKey = secret
	}
	l.newRelay()
	t.Cleanup(func() { l.relay.Close() })
	l.config.SMTPURL = fmt.Sprintf("smtp://%s?tls=none&connections=%d", l.relay.Addr(), connections)
	l.config.FeedAllow = []string{strings.TrimPrefix(l.news.URL, "http://")}
	if err := l.config.Validate(); err != nil {
		t.Fatal(err)
	}
	l.open()
	t.Cleanup(l.close)
	n := l.node(l.config.DataDir)
	n.run("newsletter", "add", "--slug=watch", "--name=Watch", "--language=en", "--from-name=Watch", "--from-address=news@watch.example", "--grace=0s")
	n.run("feed", "add", "--newsletter=watch", l.news.URL+"/feed.xml")
	n.run("seed", "--newsletter=watch", fmt.Sprintf("--count=%d", readers))
	return l
}

// open has the desk opened, and the private database with it unless a node runs it.
func (l *lab) open() {
	l.t.Helper()
	var err error
	if l.desk, err = app.Open(context.Background(), l.config, slog.New(slog.DiscardHandler)); err != nil {
		l.t.Fatal(err)
	}
}

// close ends the desk. Nodes of a private database then run it themselves.
func (l *lab) close() {
	if l.desk == nil {
		return
	}
	if err := l.desk.Close(); err != nil {
		l.t.Error(err)
	}
	l.desk = nil
}

// newRelay begins a new journal, at the same address as before.
func (l *lab) newRelay() {
	l.t.Helper()
	o := smtptest.Options{NoSync: true}
	if l.relay != nil {
		o.Addr = l.relay.Addr()
		l.relay.Close()
	}
	relay, err := smtptest.Start(o)
	if err != nil {
		l.t.Fatal(err)
	}
	l.relay, l.past = relay, nil
}

// publish puts one article more on the site and tells a node that is ready. The
// returned function waits for the article's edition.
func (l *lab) publish(n *node) (edition func() int64) {
	l.t.Helper()
	const newest = `SELECT coalesce(max(id), 0) FROM edition`
	before := l.one(newest)
	l.news.articles.Add(1)
	n.ping()
	return func() (id int64) {
		l.t.Helper()
		until(l.t, "the edition is there", func() bool {
			id = l.one(newest)
			return id > before
		})
		return id
	}
}

// one asks the database for a number.
func (l *lab) one(sql string, args ...any) (n int64) {
	l.t.Helper()
	if err := l.desk.Pool.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		l.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// settled says that nothing is left to do for an edition by itself.
func (l *lab) settled(edition int64) bool {
	return l.one(`SELECT count(*) FROM edition WHERE id = $1 AND state = 'settled'`, edition) == 1
}

// accepted waits until the relay has that many mails.
func (l *lab) accepted(n int) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	for {
		grown := l.relay.Journal.Grown()
		if l.relay.Journal.Len() >= n {
			return
		}
		select {
		case <-ctx.Done():
			l.t.Fatalf("the relay got %d mails, %d were to come", l.relay.Journal.Len(), n)
		case <-grown:
		}
	}
}

// dataDir is a new directory that the database server's own user can pass through.
func dataDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "var")
}

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

const patience = 3 * time.Minute

// until polls a condition that another process brings about.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("it did not come to pass: %s", what)
		case <-tick.C:
		}
	}
}
