package crashlab_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/mailer/smtptest"
	"vistka/internal/postgres/private"
)

// TestFailover promotes a replica that has not heard the last second of an
// edition (rule D12): nobody is left out, and since the service
// remembers what it sent, nobody gets it twice but who was in flight.
func TestFailover(t *testing.T) {
	takesMinutes(t)
	t.Parallel()
	const readers = 2000
	db := newDatabase(t)
	l := newLab(t, dataDir(t), db.server.URL(), readers)
	l.relay.Script(func(e smtptest.Event) smtptest.Action {
		if e.Stage == smtptest.Final {
			return smtptest.Action{Delay: 20 * time.Millisecond} // so that the replica is made in mid-edition
		}
		return smtptest.Action{}
	})
	n := l.node(dataDir(t))
	n.start()
	edition := l.publish(n)()
	l.accepted(readers / 10)
	known := l.relay.Journal.Len()
	db.replicate()
	l.accepted(l.relay.Journal.Len() + readers/10)
	db.crash()
	forgotten := l.relay.Journal.Len() - known
	db.promote()
	l.desk.Pool.Reset()
	f := l.reconcile(edition, readers)
	if len(f.Twice) > connections {
		t.Errorf("%d mails came twice, more than the %d connections", len(f.Twice), connections)
	}
	t.Logf("the replica had not heard of up to %d mails; %s", forgotten, f)
}

func (d *database) home() string { return filepath.Join(d.dir, "postgres") }

// replicate makes a replica that hears nothing more from now on.
func (d *database) replicate() {
	d.t.Helper()
	bin, err := private.FindBinaries(0)
	if err != nil {
		d.t.Fatal(err)
	}
	account, err := private.ServerAccount()
	if err != nil {
		d.t.Fatal(err)
	}
	c, err := pgx.ParseConfig(d.server.URL())
	if err != nil {
		d.t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(filepath.Dir(bin.Postgres()), "pg_basebackup"),
		"-h", c.Host, "-U", c.User, "-D", filepath.Join(d.home(), "replica"), "-c", "fast", "-X", "stream")
	cmd.Dir, cmd.SysProcAttr = d.home(), account.Attr()
	if out, err := cmd.CombinedOutput(); err != nil {
		d.t.Fatalf("pg_basebackup: %v\n%s", err, out)
	}
	signal := filepath.Join(d.home(), "replica", "standby.signal")
	if err := os.WriteFile(signal, nil, 0o644); err != nil {
		d.t.Fatal(err)
	}
}

// promote puts the replica in the place of the server that is gone.
func (d *database) promote() {
	d.t.Helper()
	data := filepath.Join(d.home(), "data")
	if err := os.Rename(data, data+".gone"); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(d.home(), "replica"), data); err != nil {
		d.t.Fatal(err)
	}
	d.start()
	pass(3 * time.Second) // the service meets it while it is a replica still
	conn, err := pgx.Connect(context.Background(), d.server.URL())
	if err != nil {
		d.t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), `SELECT pg_promote()`); err != nil {
		d.t.Fatal(err)
	}
}
