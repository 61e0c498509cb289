package subscriber

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"vistka/internal/emailaddr"
	"vistka/internal/newsletter"
	"vistka/internal/suppression"
	"vistka/internal/token"
)

// ask wishes for another address and returns its two links.
func (f *fixture) ask(c Confirmation, from, to string) (confirm, keep string) {
	f.t.Helper()
	if _, err := f.AskAddress(context.Background(), f.fresh(c, from), address(f.t, to)); err != nil {
		f.t.Fatal(err)
	}
	id := int64(f.number(`SELECT max(id) FROM address_change WHERE subscriber_id = $1`, c.SubscriberID))
	return NewAddressToken(f.Keys, c.NewsletterID, id), KeepAddressToken(f.Keys, c.NewsletterID, id)
}

// moved changes an address.
func (f *fixture) moved(c Confirmation, from, to string) Confirmation {
	f.t.Helper()
	confirm, _ := f.ask(c, from, to)
	if got, err := f.ConfirmAddress(context.Background(), confirm, Evidence{}); err != nil || got.State != ChangeDone {
		f.t.Fatalf("move to %s: %+v, %v", to, got, err)
	}
	return c
}

func (f *fixture) addressOf(c Confirmation) (a string) {
	f.t.Helper()
	if err := f.DB.QueryRow(context.Background(), `SELECT address FROM subscriber WHERE id = $1`, c.SubscriberID).Scan(&a); err != nil {
		f.t.Fatal(err)
	}
	return a
}

func TestChangeOfAddress(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	before := f.number(`SELECT provider_id FROM subscription`)
	f.mails()
	confirm, keep := f.ask(c, "nadia@example.org", "nadia@elsewhere.net")
	f.mu.Lock()
	notices := f.notices
	f.mu.Unlock()
	if len(notices) != 2 || notices[0].About != AboutNewAddress || notices[0].Address != "nadia@elsewhere.net" || notices[0].SubscriberID != 0 ||
		notices[1].About != AboutOldAddress || notices[1].Address != "nadia@example.org" || notices[1].Masked != "na••@elsewhere.net" {
		t.Errorf("%+v", notices)
	}
	for range 3 { // a scanner looks
		p, err := f.AddressPage(ctx, confirm)
		k, kept := f.KeepPage(ctx, keep)
		for _, p := range []AddressChange{p, k} {
			if p.State != ChangeWaiting || p.New != "na••@elsewhere.net" {
				t.Errorf("page: %+v, %v, %v", p, err, kept)
			}
		}
	}
	if f.addressOf(c) != "nadia@example.org" {
		t.Fatal("changed without the new mailbox's word")
	}
	for name, bad := range map[string]string{"kept link": keep, "long-lived": c.Preferences, "fresh": f.fresh(c, "nadia@example.org"), "cut": confirm[1:]} {
		if _, err := f.ConfirmAddress(ctx, bad, Evidence{}); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if p, err := f.ConfirmAddress(ctx, confirm, Evidence{UserAgent: "test"}); err != nil || p.State != ChangeDone || p.Preferences != c.Preferences {
				t.Errorf("confirm: %+v, %v", p, err)
			}
		})
	}
	wg.Wait()
	if got := f.toldMoved(); len(got) != 1 || got[0].SubscriberID != c.SubscriberID || got[0].NewsletterID != c.NewsletterID || got[0].Change == 0 || got[0].Address != "" {
		t.Errorf("the new mailbox is told %+v", got)
	}
	if f.addressOf(c) != "nadia@elsewhere.net" || f.number(`SELECT count(*) FROM subscriber`) != 1 {
		t.Error("not moved, or somebody new was made")
	}
	if f.number(`SELECT count(*) FROM subscription WHERE provider_id <> $1 AND state = 'active'`, before) != 1 {
		t.Error("the subscription did not move along")
	}
	if n := f.number(`SELECT count(*) FROM consent_event WHERE kind = 'changed' AND source = 'address'`); n != 1 {
		t.Errorf("%d events of change", n)
	}
	if f.number(`SELECT count(*) FROM address_change WHERE address IS NOT NULL`) != 0 {
		t.Error("the wish still holds the address")
	}
	if p, err := f.KeepAddress(ctx, keep); err != nil || p.State != ChangeDone || f.addressOf(c) != "nadia@elsewhere.net" {
		t.Errorf("stopping what is done: %+v, %v", p, err)
	}
	if _, err := f.AskAddress(ctx, f.fresh(c, "nadia@example.org"), address(t, "n@example.com")); !errors.Is(err, ErrStale) {
		t.Errorf("a link that went to the old mailbox: %v", err)
	}
	if _, err := f.AskAddress(ctx, f.fresh(c, "nadia@elsewhere.net"), address(t, "nadia@ELSEWHERE.net")); !errors.Is(err, ErrSameAddress) {
		t.Errorf("the same address: %v", err)
	}
}

// toldMoved are the mails that say that a change is done, since the last call.
func (f *fixture) toldMoved() (out []Notice) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range f.notices {
		if n.About == AboutMoved {
			out = append(out, n)
		}
	}
	f.notices = nil
	return out
}

// Whoever has left the newsletter that the change was asked in is told in the name
// of one they read; who reads none is not told.
func TestMovedIsToldWhereMailComes(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	c := f.subscribe("nadia@example.org")
	n := f.news
	n.Slug = "another"
	n, err := newsletter.Add(context.Background(), f.DB, n, f.news.Slug, start)
	if err != nil {
		t.Fatal(err)
	}
	other := n.ID
	f.exec(`INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, locale, zone, hour, seen_seq, provider_id, created_at)
		SELECT $1, subscriber_id, state, cadence, locale, zone, hour, seen_seq, provider_id, created_at FROM subscription`, other)
	if _, err := f.Unsubscribe(context.Background(), c.Preferences, FromPage, Evidence{}); err != nil {
		t.Fatal(err)
	}
	f.moved(c, "nadia@example.org", "b@example.net")
	if got := f.toldMoved(); len(got) != 1 || got[0].NewsletterID != other {
		t.Errorf("in another's name: %+v", got)
	}
	f.exec(`UPDATE subscription SET state = 'ended', ended_at = $1, end_source = 'page'`, start)
	f.moved(c, "b@example.net", "d@example.net")
	if got := f.toldMoved(); len(got) != 0 {
		t.Errorf("who reads nothing: %+v", got)
	}
}

func TestChangeOfAddressStopped(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	want := func(link string, state ChangeState, when string) {
		t.Helper()
		if p, err := f.ConfirmAddress(ctx, link, Evidence{}); err != nil || p.State != state {
			t.Errorf("%s: %+v, %v", when, p, err)
		}
		if f.addressOf(c) != "nadia@example.org" {
			t.Fatalf("%s: changed", when)
		}
	}
	confirm, keep := f.ask(c, "nadia@example.org", "a@example.net")
	for range 2 {
		if p, err := f.KeepAddress(ctx, keep); err != nil || p.State != ChangeCancelled || p.Old != "na••@example.org" {
			t.Errorf("keep: %+v, %v", p, err)
		}
	}
	want(confirm, ChangeCancelled, "after it was stopped")
	f.Clock.Advance(time.Second) // the links of before are closed
	first, _ := f.ask(c, "nadia@example.org", "b@example.net")
	second, _ := f.ask(c, "nadia@example.org", "d@example.net")
	want(first, ChangeCancelled, "after a second wish")
	f.Clock.Advance(ChangeWithin)
	want(second, ChangeOver, "after 72 hours")
	if _, err := f.Purge(ctx); err != nil {
		t.Fatal(err)
	}
	if n := f.found("@example.net"); n != 0 {
		t.Errorf("%d rows hold addresses that nobody confirmed", n)
	}
	want(second, ChangeCancelled, "after the purge")
	want(NewAddressToken(f.Keys, 1, 999), ChangeOver, "of no wish")
}

// Whatever is known about the new address, asking answers the same and runs the
// same course; only the mailbox itself learns more.
func TestChangeOfAddressTellsNothing(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	f.subscribe("taken@example.net")
	f.suppress("gone@example.net", suppression.HardBounce)
	f.suppress("erased@example.net", suppression.Erased)
	f.suppress("refused@example.net", suppression.NotMe)
	for range capQuarter {
		f.signUp("busy@example.net")
		f.Clock.Advance(repeatWithin)
	}
	for to, mails := range map[string]string{
		"new@example.net": "link link", "taken@example.net": "link link", "gone@example.net": "link", "busy@example.net": "link",
		"erased@example.net": "link link", "refused@example.net": "link",
	} {
		f.mails()
		if got, err := f.AskAddress(ctx, f.fresh(c, "nadia@example.org"), address(t, to)); err != nil || got.Address != "nadia@example.org" {
			t.Errorf("%s: %+v, %v", to, got, err)
		}
		if got := f.mails(); got != mails {
			t.Errorf("%s: mailed %q, want %q", to, got, mails)
		}
	}
	f.Clock.Advance(time.Hour)
	confirm, _ := f.ask(c, "nadia@example.org", "taken@example.net")
	if p, err := f.ConfirmAddress(ctx, confirm, Evidence{}); err != nil || p.State != ChangeTaken || f.addressOf(c) != "nadia@example.org" {
		t.Errorf("an address of somebody else: %+v, %v", p, err)
	}
	f.Clock.Advance(time.Hour)
	confirm, _ = f.ask(c, "nadia@example.org", "late@example.net")
	f.suppress("late@example.net", suppression.SpamReport)
	if p, err := f.ConfirmAddress(ctx, confirm, Evidence{}); err != nil || p.State != ChangeTaken || f.addressOf(c) != "nadia@example.org" {
		t.Errorf("an address that is never mailed: %+v, %v", p, err)
	}
}

func TestChangesOfAddressAtOnce(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	var links []string
	var readers []Confirmation
	for _, a := range []string{"a@example.org", "b@example.org", "c@example.org", "d@example.org"} {
		c := f.subscribe(a)
		confirm, _ := f.ask(c, a, "one@example.net")
		f.Clock.Advance(16 * time.Minute)
		links, readers = append(links, confirm), append(readers, c)
	}
	_, signup := f.signUp("one@example.net") // and its owner subscribes in this moment
	var wg sync.WaitGroup
	for _, link := range links {
		wg.Go(func() {
			if p, err := f.ConfirmAddress(ctx, link, Evidence{}); err != nil || p.State != ChangeDone && p.State != ChangeTaken {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
	wg.Go(func() {
		if _, err := f.Confirm(ctx, signup, Evidence{}); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	if n := f.number(`SELECT count(*) FROM subscriber WHERE address_key = 'one@example.net'`); n != 1 {
		t.Errorf("%d persons have the address", n)
	}
	if n := f.number(`SELECT count(*) FROM subscriber`); n != len(readers) && n != len(readers)+1 {
		t.Errorf("%d persons", n)
	}
}

// Erasing and moving in one moment: either the person is gone under both
// addresses, or erasing says that the link is stale and nothing is lost.
func TestEraseWhileMoving(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	for i := range 20 {
		from, to := address(t, "from"+string(rune('a'+i))+"@example.org"), address(t, "to"+string(rune('a'+i))+"@example.net")
		c := f.subscribe(from.String())
		confirm, _ := f.ask(c, from.String(), to.String())
		link := f.fresh(c, from.String())
		var wg sync.WaitGroup
		var erased error
		wg.Go(func() { erased = f.EraseOwn(ctx, link) })
		wg.Go(func() {
			if _, err := f.ConfirmAddress(ctx, confirm, Evidence{}); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		left := f.number(`SELECT count(*) FROM subscriber WHERE id = $1`, c.SubscriberID)
		switch {
		case erased == nil && (left != 0 || f.holds(from) || f.holds(to)):
			t.Fatalf("said to be erased, %d left", left)
		case errors.Is(erased, ErrStale) && (left != 1 || f.number(`SELECT count(*) FROM consent_person p JOIN consent_event e ON e.id = p.event_id WHERE e.address_hash = $1`, f.hash(from)) == 0):
			t.Fatalf("nothing erased, %d left", left)
		case erased != nil && !errors.Is(erased, ErrStale):
			t.Fatal(erased)
		}
	}
}

// Who moves to an address in the moment in which that is erased is gone under
// the address of before too.
func TestEraseKnowsTheAddressOfBefore(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	from, to := address(t, "nadia@example.org"), address(t, "nadia@example.net")
	confirm, _ := f.ask(f.subscribe(from.String()), from.String(), to.String())
	f.signUp(to.String())
	tx, err := f.DB.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if _, err := tx.Exec(ctx, `SELECT FROM signup WHERE address_key = $1 FOR UPDATE`, to.Key()); err != nil {
		t.Fatal(err)
	}
	erased := make(chan error, 1)
	go func() {
		_, err := f.Erase(ctx, f.DB, to)
		erased <- err
	}()
	for !f.waiting() {
		select {
		case err := <-erased:
			t.Fatalf("erased without waiting: %v", err)
		default:
		}
	}
	if c, err := f.ConfirmAddress(ctx, confirm, Evidence{}); err != nil || c.State != ChangeDone {
		t.Fatalf("%+v, %v", c, err)
	}
	if err := errors.Join(tx.Rollback(ctx), <-erased); err != nil {
		t.Fatal(err)
	}
	for _, a := range []emailaddr.Address{from, to} {
		if reason, err := suppression.Has(ctx, f.DB, f.hash(a)); err != nil || reason != suppression.Erased || f.holds(a) {
			t.Errorf("%s: suppressed as %q, %v; still held: %t", a, reason, err, f.holds(a))
		}
	}
}

func (f *fixture) holds(a emailaddr.Address) bool { return f.found(a.Key()) > 0 }

// A reader cannot have mail sent to one stranger after another.
func TestChangesOfAddressAreCapped(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	c := f.subscribe("nadia@example.org")
	for i := range changeLimits.quarter {
		if _, err := f.AskAddress(context.Background(), f.fresh(c, "nadia@example.org"), address(t, fmt.Sprintf("stranger%d@example.net", i))); err != nil {
			t.Fatal(err)
		}
	}
	f.mails()
	_, err := f.AskAddress(context.Background(), f.fresh(c, "nadia@example.org"), address(t, "one-more@example.net"))
	if got := f.mails(); !errors.Is(err, ErrTooOften) || got != "" {
		t.Errorf("one more: %v, mailed %q", err, got)
	}
}

// An older mail's link stops whatever would move the address now, and says so
// once it has moved, whichever wish did that.
func TestOldMailboxStopsAnyChange(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	_, older := f.ask(c, "nadia@example.org", "a@example.net")
	newer, _ := f.ask(c, "nadia@example.org", "d@example.net")
	if p, err := f.KeepPage(ctx, older); err != nil || p.State != ChangeWaiting || p.Typed != "d@example.net" {
		t.Errorf("the page: %+v, %v", p, err)
	}
	if p, err := f.KeepAddress(ctx, older); err != nil || p.State != ChangeCancelled {
		t.Errorf("the press: %+v, %v", p, err)
	}
	if p, err := f.ConfirmAddress(ctx, newer, Evidence{}); err != nil || p.State != ChangeCancelled {
		t.Fatalf("confirmed after it was stopped: %+v, %v", p, err)
	}
	f.Clock.Advance(time.Second) // the links of before are closed
	newest, _ := f.ask(c, "nadia@example.org", "e@example.net")
	if p, err := f.ConfirmAddress(ctx, newest, Evidence{}); err != nil || p.State != ChangeDone {
		t.Fatalf("the last wish: %+v, %v", p, err)
	}
	if p, err := f.KeepPage(ctx, older); err != nil || p.State != ChangeDone {
		t.Errorf("after the address has moved: %+v, %v", p, err)
	}
}
