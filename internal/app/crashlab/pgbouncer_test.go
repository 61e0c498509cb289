package crashlab_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres/private"
)

const poolersMode = "default_query_exec_mode=cache_describe"

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
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable&%s", server.User, listen, server.Database, poolersMode)
}
