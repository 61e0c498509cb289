package delivery

import (
	"testing"
	"time"

	"vistka/internal/mailer"
	"vistka/internal/mailer/smtptest"
)

// A mailbox that is gone, found out by two editions in the same commit.
func TestOneDeadMailboxInTwoEditions(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	gone := w.deliver("gone@example.org")
	first := w.key(gone)
	w.edition = w.newEdition(w.clock.Now().Add(time.Second))
	w.queue(w.edition, gone)
	l := w.ledger()
	var outcomes []Outcome
	for _, k := range []Key{first, w.key(gone)} {
		outcomes = append(outcomes, Outcome{Key: k, Hash: w.next(gone).Hash, Early: true, State: Failed, Tries: 1, Reply: "550 5.1.1 no such user", Charge: mailer.ChargeGone})
	}
	if _, err := l.Record(t.Context(), outcomes, nil); err != nil {
		t.Fatal(err)
	}
	if n := w.count("delivery WHERE state = 'failed'"); n != 2 || w.count("suppression") != 1 {
		t.Errorf("%d failed", n)
	}
}

// What is said of a mailbox is said of the one that was mailed: a reader who
// moved to another meanwhile is not suppressed for it.
func TestBounceOfAnAddressLeftBehind(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	id := w.deliver("old@example.org")
	l, old := w.ledger(), w.next(id)
	if granted, err := l.Record(t.Context(), nil, []Next{old}); err != nil || !granted[0] {
		t.Fatal(granted, err)
	}
	w.exec(`UPDATE subscriber SET address = 'new@example.org', address_hash = $2 WHERE id = $1`, id, w.s.Hasher.Sum("new@example.org"))
	if _, err := l.Record(t.Context(), []Outcome{{Key: old.Key, Hash: old.Hash, State: Failed, Reply: "550 5.1.1 no such user", Charge: mailer.ChargeGone}}, nil); err != nil {
		t.Fatal(err)
	}
	if n := w.count("suppression WHERE address_hash = $1", old.Hash); n != 1 || w.count("suppression") != 1 {
		t.Errorf("the old address has %d rows", n)
	}
}

// E4: refusals on several days suppress; what is accepted sets the count back,
// and a day counts once.
func TestRepeatedBounces(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	l := w.ledger()
	say := func(subscriber int64, state State, reply string, charge mailer.Charge) {
		t.Helper()
		w.clock.Advance(time.Second)
		w.edition = w.newEdition(w.clock.Now())
		w.queue(w.edition, subscriber)
		o := Outcome{Key: w.key(subscriber), Early: true, State: state, Tries: 1, Reply: reply, Charge: charge, Hash: w.next(subscriber).Hash}
		if state == Failed {
			o.Stage, o.Code = "RCPT", 550
		}
		if _, err := l.Record(t.Context(), []Outcome{o}, nil); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(id int64) { t.Helper(); say(id, Failed, "550 5.1.2 no such domain", mailer.ChargeHard) }
	full := func(id int64) { t.Helper(); say(id, Failed, "552 5.2.2 mailbox full", mailer.ChargeSoft) }
	suppressed := func(id int64) bool {
		t.Helper()
		if _, err := w.s.SuppressRepeated(t.Context()); err != nil {
			t.Fatal(err)
		}
		return w.count("suppression p JOIN subscriber r USING (address_hash) WHERE r.id = $1 AND p.reason = 'repeated bounces' AND p.detail LIKE '55%'", id) == 1
	}
	const day = 24 * time.Hour

	often, oneDay, between, soft, ours := w.reader("a@example.org"), w.reader("b@example.org"), w.reader("c@example.org"), w.reader("d@example.org"), w.reader("e@example.org")
	for range 3 {
		refused(oneDay)
	}
	for i := range 3 {
		refused(often)
		refused(between)
		say(ours, Failed, "550 5.7.1 blocked", mailer.ChargeNone)
		if i == 1 {
			say(between, Sent, "250 2.0.0 ok", "")
			if suppressed(often) {
				t.Error("suppressed after two days")
			}
		}
		w.clock.Advance(7 * day)
	}
	w.clock.Advance(-7 * day)
	if !suppressed(often) {
		t.Error("refused on three days in two weeks, and mailed on")
	}
	for name, id := range map[string]int64{"three times on one day": oneDay, "accepted in between": between, "our own fault": ours} {
		if suppressed(id) {
			t.Errorf("%s: suppressed", name)
		}
	}
	for i := range 10 {
		full(soft)
		if got, want := suppressed(soft), i == 9; got != want {
			t.Errorf("a full mailbox, day %d: suppressed %v", i+1, got)
		}
		w.clock.Advance(day)
	}

	// Let in again by a person, only a new refusal counts.
	w.exec(`DELETE FROM suppression`)
	w.clock.Advance(3 * day)
	if suppressed(often) || suppressed(soft) {
		t.Error("shut out again for what is past")
	}
	refused(often)
	if !suppressed(often) {
		t.Error("refused again, and mailed on")
	}
}

// D21: what was on its way when a provider asked for less says nothing about
// what it takes afterwards.
func TestRestOutlastsWhatWasOnItsWay(t *testing.T) {
	t.Parallel()
	p, now := newProviders(), time.Now()
	for range 2 * easy {
		if ok, placed := p.begin(7, now); !ok || placed {
			t.Fatal("a provider that never asked for less is held back")
		}
	}
	p.rest(7, now)
	if ok, _ := p.begin(7, now); ok {
		t.Fatal("sent during the rest")
	}
	now = now.Add(slowRetry)
	for limit := 1; limit <= easy; limit++ {
		for range limit {
			if ok, placed := p.begin(7, now); !ok || !placed {
				t.Fatalf("not %d at once", limit)
			}
		}
		if ok, _ := p.begin(7, now); ok {
			t.Fatalf("more than %d at once", limit)
		}
		for i := range limit {
			p.end(7, i == 0, now)
		}
	}
	if ok, placed := p.begin(7, now); !ok || placed {
		t.Fatal("it has not recovered")
	}
}
