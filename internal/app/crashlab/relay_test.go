package crashlab_test

import (
	"bytes"
	"os"
	"syscall"
	"testing"
	"time"

	"vistka/internal/postgres/pgtest"
)

// TestRelayGoesAway takes the relay away in mid-edition: the service goes on by
// itself when it is back, and no reader is charged for it.
func TestRelayGoesAway(t *testing.T) {
	t.Parallel()
	const readers = 2000
	l := newLab(t, dataDir(t), pgtest.URL(t), readers)
	n := l.node(dataDir(t))
	n.start()
	edition := l.publish(n)()
	l.accepted(readers / 4)
	l.relay.Close()
	before := l.relay.Journal.Mails()
	pass(time.Duration(sized(1, 10)) * time.Second)
	l.newRelay()
	l.past = before
	f := l.reconcile(edition, readers)
	if f.Doubted > connections {
		t.Errorf("%d mails were in doubt, on %d connections", f.Doubted, connections)
	}
	for address, e := range l.ledger(edition) {
		if e.Tries > 1+e.Doubts {
			t.Errorf("%s was charged: %+v", address, e)
		}
	}
	t.Log(f)
}

// TestFrozen stops one of two replicas for longer than its lease on the relay,
// as a paused virtual machine does (rule D5): the other takes over, and
// the first, awake again, sends nothing that it may not.
func TestFrozen(t *testing.T) {
	takesMinutes(t)
	t.Parallel()
	const readers = 2000
	l := newLab(t, dataDir(t), pgtest.URL(t), readers)
	driver, other := l.node(dataDir(t)), l.node(dataDir(t))
	driver.start()
	edition := l.publish(driver)()
	l.accepted(1)
	driver.signal(syscall.SIGSTOP)
	t.Cleanup(func() { _ = driver.cmd.Process.Signal(syscall.SIGCONT) })
	other.start()
	l.accepted(readers - 2*connections)
	driver.signal(syscall.SIGCONT)
	until(t, "the first notices", func() bool {
		said, err := os.ReadFile(driver.log.Name())
		return err == nil && bytes.Contains(said, []byte("lease lost"))
	})
	f := l.reconcile(edition, readers)
	if f.Doubted > connections || len(f.Twice) > connections {
		t.Errorf("%s: more than the %d connections", f, connections)
	}
	t.Log(f)
}
