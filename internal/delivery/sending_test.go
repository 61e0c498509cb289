package delivery

import (
	"fmt"
	"sync"
	"testing"

	"vistka/internal/mailer/smtptest"
)

// While sending is stopped nothing goes out, also not what a driver has read
// already; what waits stays as it is, and goes when sending starts.
func TestSendingStopped(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	opened, stopped := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		if e.Stage == smtptest.DATA {
			once.Do(func() { close(opened) })
			<-stopped
		}
		return smtptest.Action{}
	})
	w.s.Relays[0].Connections = 1
	var ids []int64
	for i := range 30 {
		ids = append(ids, w.deliver(fmt.Sprintf("r%d@example.org", i)))
	}
	w.exec(`INSERT INTO notice (kind, locale, address, content, state, due_at, created_at)
		VALUES ('test', 'en', 'desk@example.org', '{}', 'queued', 'infinity', $1)`, w.clock.Now())
	w.start(w.s)
	<-opened
	w.exec(`UPDATE sending SET state = 'stopped', reason = 'a slip'`)
	w.exec(`UPDATE notice SET due_at = created_at`)
	w.exec(sqlNotify)
	close(stopped)

	w.until("the mail that was opened is dropped", func() bool {
		_, open, _ := w.lab.Connections()
		return open == 0
	})
	if n := w.lab.Journal.Len(); n != 0 {
		t.Fatalf("%d mails went out", n)
	}
	if n := w.count("delivery WHERE state = 'queued' AND tries = 0"); n != len(ids) {
		t.Fatalf("%d of %d deliveries are queued", n, len(ids))
	}
	if n := w.count("notice WHERE state = 'queued'"); n != 1 {
		t.Fatal("the notice is not queued")
	}
	p, err := w.s.Pending(t.Context())
	if err != nil || p.Mails() != 31 || len(p.Editions) != 1 || p.Editions[0].Mails != 30 {
		t.Fatalf("pending %+v, %v", p, err)
	}

	w.exec(`UPDATE sending SET state = 'on', reason = ''`)
	w.exec(sqlNotify)
	w.until("all went out", func() bool { return w.editionState() == "settled" && w.lab.Journal.Len() == 31 })
}

// The statements themselves refuse, and cancel no notice for it.
func TestNoAttemptWhileStopped(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	id := w.deliver("reader@example.org")
	var notice int64
	w.one(&notice, `INSERT INTO notice (kind, locale, address, content, state, due_at, created_at)
		VALUES ('test', 'en', 'desk@example.org', '{}', 'queued', $1, $1) RETURNING id`, w.clock.Now())
	l := w.ledger()
	nexts := []Next{w.next(id), {Key: Key{Notice: notice}, Hash: w.s.Hasher.Sum("desk@example.org")}}
	record := func(want bool) {
		t.Helper()
		granted, err := l.Record(t.Context(), nil, nexts)
		if err != nil || granted[0] != want || granted[1] != want {
			t.Fatalf("granted %v, %v", granted, err)
		}
	}
	for _, stop := range []string{
		`UPDATE sending SET state = 'stopped'`,
		`UPDATE sending SET state = 'locked', cause = 'restored'`,
	} {
		w.exec(stop)
		record(false)
		if w.row(id).State != Queued || w.count("notice WHERE state = 'queued'") != 1 {
			t.Fatalf("%s: what waits did not stay", stop)
		}
	}
	// A row that a restore wrote has another xmin than it says.
	w.exec(`UPDATE sending SET state = 'on', cause = ''`)
	w.exec(`INSERT INTO guard (system_identifier, database_oid, written_by)
		SELECT '', oid, 4294967296 + 3 FROM pg_database WHERE datname = current_database()`)
	record(false)
	w.exec(`UPDATE guard SET written_by = pg_current_xact_id()::text::bigint`)
	record(true)
}
