package delivery

import (
	"context"
	"fmt"
	"testing"
	"time"

	"vistka/internal/mailer/smtptest"
)

// holdAtRcpt lets the relay wait before it answers RCPT, so that a test can act
// between the reading of a row and the commit of its attempt.
func (w *world) holdAtRcpt() (reached <-chan string, release func()) {
	at, open := make(chan string, 100), make(chan struct{})
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		if e.Stage == smtptest.RCPT {
			select {
			case at <- e.To:
			default: // nobody counts them all
			}
			return smtptest.Action{Until: open}
		}
		return smtptest.Action{}
	})
	return at, func() { close(open) }
}

// B5: what a reader, an editor or a bounce says until the
// attempt commits takes effect; no dot is written after it.
func TestConsentAtTheLastMoment(t *testing.T) {
	for _, tt := range []struct {
		name  string
		act   string // $1: the reader
		want  State
		tries int
	}{
		{"left", `UPDATE subscription SET state = 'ended', ended_at = now() WHERE subscriber_id = $1`, Cancelled, 0},
		{"suppressed", `INSERT INTO suppression (address_hash, reason, at) SELECT address_hash, 'spam report', now() FROM subscriber WHERE id = $1`, Cancelled, 0},
		{"not me", `INSERT INTO suppression (address_hash, reason, at) SELECT address_hash, 'not me', now() FROM subscriber WHERE id = $1`, Sent, 1},
		{"erased", `DELETE FROM subscriber WHERE id = $1`, Cancelled, 0},
		{"paused", `UPDATE subscription SET paused_until = now() + interval '3 days' WHERE subscriber_id = $1`, Skipped, 0},
		{"edition paused", `UPDATE edition SET state = 'paused' WHERE id IN (SELECT edition_id FROM delivery WHERE subscriber_id = $1)`, Queued, 0},
		{"delivery cancelled", `UPDATE delivery SET state = 'cancelled' WHERE subscriber_id = $1`, Cancelled, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, smtptest.Options{})
			reached, release := w.holdAtRcpt()
			id := w.deliver("reader@example.org")
			stop := w.start(w.s)
			<-reached
			w.exec(tt.act, id)
			release()
			stop() // what is under way ends first
			if r := w.row(id); r.State != tt.want || r.Tries != tt.tries {
				t.Fatalf("%+v", r)
			}
			if n := w.lab.Journal.Len(); n != map[bool]int{true: 1}[tt.want == Sent] {
				t.Fatalf("%d mails were sent", n)
			}
			owed := w.count("owed WHERE subscriber_id = $1 AND article_id = 1 AND due_at <= $2", id, w.clock.Now())
			due := w.count("subscription WHERE subscriber_id = $1 AND due_at > now() + interval '2 days'", id)
			if want := map[bool]int{true: 1}[tt.want == Skipped]; owed != want || due != want {
				t.Fatalf("%d owed, %d due, want %d", owed, due, want)
			}
		})
	}
}

// Whoever pauses while a correction is on its way gets it when the pause ends,
// as it ends then; it is owed to nobody, and no digest is begun for it.
func TestACorrectionWaitsForTheEndOfAPause(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.exec(`UPDATE edition SET kind = 'correction', note = 'The bridge is 80 metres long.' WHERE id = $1`, w.edition)
	reached, release := w.holdAtRcpt()
	read, unread := w.deliver("read@example.org"), int64(0)
	pause := func(until time.Duration, readers ...int64) time.Time {
		end := w.clock.Now().Add(until)
		w.exec(`UPDATE subscription SET paused_until = $2 WHERE subscriber_id = ANY($1)`, readers, end)
		return end
	}
	w.start(w.s)
	<-reached
	unread = w.reader("unread@example.org")
	end := pause(time.Hour, read, unread)
	w.queue(w.edition, unread)
	release()
	waits := func(what string, until time.Time) {
		t.Helper()
		for _, id := range []int64{read, unread} {
			w.until(what, func() bool { r := w.row(id); return r.State == Deferred && r.Due.Equal(until) })
		}
	}
	waits("put off", end)
	w.clock.Advance(30 * time.Minute)
	later := pause(time.Hour, read, unread)
	w.clock.Advance(30 * time.Minute)
	waits("put off again", later)
	if owed, due := w.count("owed"), w.count("subscription WHERE due_at IS NOT NULL"); owed != 0 || due != 0 || w.editionState() != "open" {
		t.Errorf("%d owed, %d due, the edition is %s", owed, due, w.editionState())
	}
	w.clock.Advance(time.Hour)
	for _, id := range []int64{read, unread} {
		if r := w.untilState(id, Sent); r.Tries != 1 {
			t.Errorf("%+v", r)
		}
	}
	w.until("settled", func() bool { return w.editionState() == "settled" })
}

// A reader who left while thousands wait costs the relay nothing.
func TestUnwillingAreSettledUnsent(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	var left, paused []int64
	for i := range 20 {
		left, paused = append(left, w.deliver(fmt.Sprintf("l%d@example.org", i))), append(paused, w.deliver(fmt.Sprintf("p%d@example.org", i)))
	}
	good := w.deliver("good@example.org")
	w.exec(`UPDATE subscription SET state = 'ended', ended_at = now() WHERE subscriber_id = ANY($1)`, left)
	w.exec(`UPDATE subscription SET paused_until = now() + interval '1 day' WHERE subscriber_id = ANY($1)`, paused)
	w.start(w.s)
	w.untilState(good, Sent)
	w.until("settled", func() bool { return w.editionState() == "settled" })
	if c, s, o := w.count("delivery WHERE state = 'cancelled'"), w.count("delivery WHERE state = 'skipped'"), w.count("owed"); c != 20 || s != 20 || o != 20 {
		t.Fatalf("%d cancelled, %d skipped, %d owed", c, s, o)
	}
	if n := len(w.lab.Events(smtptest.MAIL)); n != 1 {
		t.Fatalf("the relay was troubled %d times", n)
	}
}

// A mail that was made for an address which its reader has left since gets no
// attempt; it is made anew for the present one.
func TestMailGoesToThePresentAddress(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	id := w.deliver("old@example.org")
	made := w.next(id)
	w.exec(`UPDATE subscriber SET address = 'new@example.org', address_hash = $2 WHERE id = $1`, id, w.s.Hasher.Sum("new@example.org"))
	granted, err := w.ledger().Record(t.Context(), nil, []Next{made})
	if err != nil || granted[0] {
		t.Fatalf("granted %v, %v", granted, err)
	}
	w.start(w.s)
	w.untilState(id, Sent)
	if got := w.lab.Journal.Mails(); len(got) != 1 || got[0].To != "new@example.org" {
		t.Errorf("accepted: %+v", got)
	}
}

// Leaving and an attempt are ordered by the subscription's row: whichever
// commits first is seen by the other.
func TestLeavingAndAttemptAreOrdered(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	id := w.deliver("reader@example.org")
	l := w.ledger()
	leaving, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer leaving.Rollback(context.Background())
	if _, err := leaving.Exec(t.Context(), `UPDATE subscription SET state = 'ended', ended_at = now() WHERE subscriber_id = $1`, id); err != nil {
		t.Fatal(err)
	}
	type answer struct {
		granted []bool
		err     error
	}
	answered := make(chan answer, 1)
	go func() {
		granted, err := l.Record(context.Background(), nil, []Next{w.next(id)})
		answered <- answer{granted, err}
	}()
	w.until("the attempt waits for the one who is leaving, or wrongly does not", func() bool {
		return len(answered) == 1 || w.count("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0
	})
	if err := leaving.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := <-answered; a.err != nil || a.granted[0] {
		t.Fatalf("an attempt committed after leaving did: %+v", a)
	}
	if r := w.row(id); r.State != Cancelled {
		t.Fatalf("%+v", r)
	}
}

// A reader who ends the pause while a mail is skipped for it either sees what is
// owed, or is seen. The subscription is locked before the delivery, as it is by
// all others, so that none waits for another in a circle.
func TestEndingAPauseAndSkippingAreOrdered(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	id := w.deliver("reader@example.org")
	l := w.ledger()
	w.exec(`UPDATE subscription SET paused_until = $1`, w.clock.Now().Add(time.Hour))
	ending, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer ending.Rollback(context.Background())
	if _, err := ending.Exec(t.Context(), `UPDATE subscription SET paused_until = NULL`); err != nil {
		t.Fatal(err)
	}
	skipped := make(chan error, 1)
	go func() { skipped <- l.whyDeliveries(context.Background(), []Key{w.key(id)}, map[Key]bool{}) }()
	w.untilLocked()
	if _, err := ending.Exec(t.Context(), `SELECT FROM delivery FOR UPDATE NOWAIT`); err != nil {
		t.Errorf("the delivery is locked already: %v", err)
	}
	if err := ending.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-skipped; err != nil {
		t.Fatal(err)
	}
	if r := w.row(id); r.State != Queued || w.count("owed") != 0 {
		t.Errorf("%+v, %d owed", r, w.count("owed"))
	}
}

func (w *world) signup(address string) (id int64) {
	w.t.Helper()
	w.one(&id, `INSERT INTO signup (newsletter_id, address, address_key, locale, wording, created_at, expires_at)
		VALUES (1, $1, $1, 'en', 'form 1', $2, $3) RETURNING id`, address, w.clock.Now(), w.clock.Now().Add(48*time.Hour))
	return id
}

func (w *world) enqueue(n Notice) {
	w.t.Helper()
	if _, err := Enqueue(w.t.Context(), w.db, w.clock.Now(), n); err != nil {
		w.t.Fatal(err)
	}
}
