package crashlab_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/mailer/smtptest"
	"vistka/internal/postgres/pgtest"
	"vistka/internal/postgres/private"
)

// TestPooler has replicas with a role each reach Postgres through pgbouncer in
// transaction mode, and replaces the one that sends in mid-edition: every reader
// has exactly one mail, nothing was in doubt, and whoever signs up meanwhile is
// subscribed in the end.
func TestPooler(t *testing.T) {
	t.Parallel()
	const readers = 400
	direct := pgtest.URL(t)
	pooled := newPooler(t, direct)
	l := newLab(t, dataDir(t), direct, readers)
	l.relay.Script(func(e smtptest.Event) smtptest.Action {
		if e.Stage == smtptest.Final {
			return smtptest.Action{Delay: 40 * time.Millisecond} // so that there is a middle
		}
		return smtptest.Action{}
	})
	web, old, young := l.replica(pooled, "web"), l.replica(pooled, "jobs,sender"), l.replica(pooled, "jobs,sender")
	web.start()
	old.start()
	const person = "person@example.org"
	if status := web.signUp(person); status != http.StatusAccepted {
		t.Fatalf("a sign-up answers %d", status)
	}
	page := web.baseURL + "/confirm/" + l.link(person)
	form := url.Values{"shown": {formToken(t, page)}}

	edition := l.publish(web)()
	l.accepted(readers / 4)
	young.start()
	old.stop()
	until(t, "the press of the button counts", func() bool { // not before a person could have read the page
		resp, err := http.PostForm(page, form)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return l.one(`SELECT count(*) FROM subscription s JOIN subscriber r ON r.id = s.subscriber_id WHERE r.address = $1 AND s.state = 'active'`, person) == 1
	})
	f := l.reconcile(edition, readers)
	if f.Mails != readers || f.Doubted > 0 {
		t.Errorf("%s: nothing may be doubled or doubted", f)
	}
	t.Log(f)
	if _, err := l.desk.Pool.Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`); err != nil {
		t.Fatal(err)
	}
	if !web.ready() {
		t.Error("a replica of the old version is not ready once a newer one has migrated: nobody would serve until it is replaced")
	}
}

// replica is a node with some of the roles behind a pooler.
func (l *lab) replica(pooled, roles string) *node {
	l.t.Helper()
	n := l.node(dataDir(l.t))
	operators := freePort(l.t)
	n.env = append(n.env, "VISTKA_DATABASE_DIRECT_URL="+l.config.DatabaseURL, "VISTKA_DATABASE_URL="+pooled, "VISTKA_RUN="+roles, "VISTKA_METRICS_LISTEN="+operators)
	n.health = "http://" + operators + "/metrics" // the only page without the role web
	return n
}

// newPooler starts pgbouncer in transaction mode before the server that a url
// names, and returns the url through it. Each transaction gets another of few
// server connections, so that what one leaves in its session the next one misses.
func newPooler(t *testing.T, direct string) string {
	t.Helper()
	path, err := exec.LookPath("pgbouncer")
	if err != nil {
		path = "/usr/sbin/pgbouncer" // which no user's PATH has
	}
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("needs pgbouncer: apt install pgbouncer")
	}
	server, err := pgx.ParseConfig(direct)
	if err != nil {
		t.Fatal(err)
	}
	account, err := private.ServerAccount() // pgbouncer, as Postgres, refuses to be root
	if err != nil {
		t.Fatal(err)
	}
	listen := freePort(t)
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(dataDir(t))
	users, settings := filepath.Join(dir, "users.txt"), filepath.Join(dir, "pgbouncer.ini")
	for file, text := range map[string]string{
		users: fmt.Sprintf("%q \"\"\n", server.User),
		settings: fmt.Sprintf(`[databases]
* = host=%s port=%d

[pgbouncer]
listen_addr = %s
listen_port = %s
unix_socket_dir =
auth_type = trust
auth_file = %s
pool_mode = transaction
default_pool_size = 5
max_client_conn = 200
server_round_robin = 1
`, server.Host, server.Port, host, port, users),
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	said, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, settings)
	cmd.Dir, cmd.Stderr, cmd.SysProcAttr = dir, said, account.Attr()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(said.Name())
			t.Logf("pgbouncer said:\n%s", text)
		}
		said.Close()
	})
	until(t, "pgbouncer answers", func() bool {
		conn, err := net.Dial("tcp", listen)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable&default_query_exec_mode=cache_describe", server.User, listen, server.Database)
}

var shown = regexp.MustCompile(`name="shown" value="([^"]+)"`)

// formToken reads a form as a browser does.
func formToken(t *testing.T, page string) string {
	t.Helper()
	resp, err := http.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	html, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	found := shown.FindSubmatch(html)
	if found == nil {
		t.Fatalf("no form on the page:\n%s", html)
	}
	return string(found[1])
}
