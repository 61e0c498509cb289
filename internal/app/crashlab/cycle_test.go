package crashlab_test

import (
	"context"
	"net"
	"testing"
	"time"

	"vistka/internal/config"
	"vistka/internal/locale"
	"vistka/internal/mailer/smtptest"
	"vistka/internal/postgres/pgtest"
)

// TestCycle pauses and resumes an edition and restarts two replicas on one
// database, at random and in mid-edition (rule D6, D28): every reader
// has exactly one mail, and nothing is ever in doubt.
func TestCycle(t *testing.T) {
	t.Parallel()
	const readers = 2000
	cycles := sized(8, 20)
	dice := newDice(t)
	l := newLab(t, dataDir(t), pgtest.URL(t), readers)
	l.relay.Script(func(e smtptest.Event) smtptest.Action {
		if e.Stage == smtptest.Final {
			return smtptest.Action{Delay: 2 * time.Millisecond} // so that most connections have a mail in flight
		}
		return smtptest.Action{}
	})
	nodes := []*node{l.node(dataDir(t)), l.node(dataDir(t))}
	for _, n := range nodes {
		n.start()
	}
	edition := l.publish(nodes[0])()
	acts := map[string]int{}
	for i := range cycles {
		l.accepted((i*readers + dice.IntN(readers)) / (cycles + 1))
		switch dice.IntN(4) {
		case 0:
			l.pauseAndResume(edition)
			acts["paused"]++
		case 1: // both at once, as a careless deploy does
			nodes[0].stop()
			nodes[1].stop()
			nodes[1].spawn()
			nodes[0].start()
			until(t, "both are ready", nodes[1].ready)
			acts["both restarted"]++
		default:
			n := nodes[dice.IntN(len(nodes))]
			n.stop()
			n.start()
			acts["restarted"]++
		}
	}
	f := l.reconcile(edition, readers)
	if f.Mails != readers || f.Doubted > 0 {
		t.Errorf("%s: nothing may be doubled or doubted", f)
	}
	t.Logf("%v: %s", acts, f)
}

// pauseAndResume sees that what is under way ends, and that nothing else goes
// out until the edition is resumed.
func (l *lab) pauseAndResume(edition int64) {
	l.t.Helper()
	if err := l.desk.Editions.Pause(context.Background(), edition, locale.Message{Key: "reason.words", Name: "a cycle"}); err != nil {
		l.t.Fatal(err)
	}
	before := l.relay.Journal.Len()
	until(l.t, "what is under way ends", func() bool {
		return l.one(`SELECT count(*) FROM delivery WHERE edition_id = $1 AND state = 'sending'`, edition) == 0
	})
	if more := l.relay.Journal.Len() - before; more > connections {
		l.t.Errorf("%d mails went out after the pause, on %d connections", more, connections)
	}
	if _, err := l.desk.Editions.Resume(context.Background(), edition); err != nil {
		l.t.Fatal(err)
	}
}

// TestStopWhileStarting asks the service to stop while it waits for its
// database: it ends at once and in order.
func TestStopWhileStarting(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	l := &lab{t: t, config: config.Config{DatabaseURL: "postgres://" + silent.Addr().String() + "/none", SecretKey: secret}}
	n := l.node(t.TempDir())
	n.spawn()
	if _, err := silent.Accept(); err != nil {
		t.Fatal(err)
	}
	n.stop()
}
