package subscriber

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/mailer"
	"vistka/internal/suppression"
	"vistka/internal/token"
)

// fresh is the link that a reader is mailed now.
func (f *fixture) fresh(c Confirmation, mailbox string) string {
	f.t.Helper()
	payload := FreshPayload(c.NewsletterID, c.SubscriberID, f.Clock.Now().Add(FreshFor), f.hash(address(f.t, mailbox)))
	return f.Keys.Sign(token.Fresh, payload)
}

func TestFreshLink(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	link := f.fresh(c, "nadia@example.org")
	got, err := f.Fresh(ctx, link)
	if err != nil || got.Address != "nadia@example.org" || got.SubscriberID != c.SubscriberID {
		t.Fatalf("%+v, %v", got, err)
	}
	for name, bad := range map[string]string{
		"nothing": "", "cut": link[:len(link)-1], "long-lived": c.Preferences, "unsubscribe": UnsubscribeToken(f.Keys, 1, c.SubscriberID),
		"another purpose": f.Keys.Sign(token.Preferences, FreshPayload(1, c.SubscriberID, start.Add(time.Hour), make([]byte, 32))),
		"another's key":   f.Keys.Sign(token.Fresh, token.Pair(1, uint64(c.SubscriberID))),
	} {
		if _, err := f.Fresh(ctx, bad); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.Preferences(ctx, link); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("a fresh link as a long-lived one: %v", err)
	}
	if _, err := f.Fresh(ctx, f.fresh(c, "olha@example.org")); !errors.Is(err, ErrStale) {
		t.Errorf("mailed to another mailbox: %v", err)
	}
	f.Clock.Advance(FreshFor - time.Second)
	if _, err := f.Fresh(ctx, link); err != nil {
		t.Errorf("in the last second: %v", err)
	}
	f.Clock.Advance(time.Second)
	for name, act := range map[string]func() error{
		"fresh":    func() error { _, err := f.Fresh(ctx, link); return err },
		"download": func() error { _, err := f.Download(ctx, link, words(t, "en")); return err },
		"receipt":  func() error { _, _, err := f.Receipt(ctx, link); return err },
		"mail":     func() error { _, err := f.MailReceipt(ctx, link, nil); return err },
		"address":  func() error { _, err := f.AskAddress(ctx, link, address(t, "n@example.net")); return err },
		"erase":    func() error { return f.EraseOwn(ctx, link) },
	} {
		if err := act(); !errors.Is(err, ErrStale) {
			t.Errorf("%s after 30 minutes: %v", name, err)
		}
	}
	if n := f.number("SELECT count(*) FROM subscriber"); n != 1 {
		t.Error("erased by a stale link")
	}
}

func TestMailLink(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	stale := f.fresh(c, "nadia@example.org")
	f.Clock.Advance(time.Hour)
	f.mails()
	for i, link := range []string{c.Preferences, UnsubscribeToken(f.Keys, 1, c.SubscriberID), stale} {
		if l, err := f.MailLink(ctx, link); err != nil || !l.Sent || l.Masked != "na••@example.org" {
			t.Errorf("link %d: %+v, %v", i, l, err)
		}
	}
	f.mu.Lock()
	n := f.notices[0]
	f.mu.Unlock()
	if n.About != AboutData || n.SubscriberID != c.SubscriberID || n.Address != "" {
		t.Errorf("%+v", n)
	}
	if got := f.mails(); got != "link link link" {
		t.Errorf("mailed: %s", got)
	}
	if l, err := f.MailLink(ctx, c.Preferences); err != nil || l.Sent || l.Stopped || f.mails() != "" {
		t.Errorf("a fourth within 15 minutes: %+v, %v", l, err)
	}
	f.Clock.Advance(16 * time.Minute)
	if _, err := f.Unsubscribe(ctx, c.Preferences, FromPage, Evidence{}); err != nil {
		t.Fatal(err)
	}
	if l, err := f.MailLink(ctx, c.Preferences); err != nil || !l.Sent || !l.Ended {
		t.Errorf("who has left: %+v, %v", l, err)
	}
	f.suppress("nadia@example.org", suppression.SpamReport)
	if l, err := f.MailLink(ctx, c.Preferences); err != nil || l.Sent || !l.Stopped {
		t.Errorf("whose mail was reported: %+v, %v", l, err)
	}
	for _, bad := range []string{"", "x", ConfirmToken(f.Keys, c.SubscriberID, 1)} {
		if _, err := f.MailLink(ctx, bad); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Whoever presses twice gets one mail: none is made while the first is on its way
// or has just gone, and the answer is the same. A link that opens nothing, or went
// to the address of before, is not waited for.
func TestMailLinkOnce(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	f.Notify = func(ctx context.Context, tx pgx.Tx, all ...Notice) error {
		for _, n := range all {
			_, err := tx.Exec(ctx, `INSERT INTO notice (kind, locale, newsletter_id, subscriber_id, content, due_at, created_at)
				VALUES ($1, $2, $3, $4, jsonb_build_object('about', $5::text), $6, $6)`, n.Kind, n.Locale, n.NewsletterID, n.SubscriberID, n.About, f.Clock.Now())
			if err != nil {
				return err
			}
		}
		return nil
	}
	mailed := 0
	press := func(when string, more int) {
		t.Helper()
		if l, err := f.MailLink(ctx, c.Preferences); err != nil || !l.Sent {
			t.Errorf("%s: %+v, %v", when, l, err)
		}
		mailed += more
		if n := f.number(`SELECT count(*) FROM notice`); n != mailed {
			t.Fatalf("%s: %d mails, want %d", when, n, mailed)
		}
	}
	last := func(set string, args ...any) {
		t.Helper()
		f.exec(`UPDATE notice SET `+set+` WHERE id = (SELECT max(id) FROM notice)`, args...)
	}
	press("first", 1)
	press("at once", 0)
	f.Clock.Advance(16 * time.Minute)
	last(`state = 'deferred', composed_at = $1`, f.Clock.Now())
	press("while it waits", 0)
	last(`state = 'in doubt', doubts = 1`)
	press("in doubt, to be tried again", 0)
	last(`state = 'sent', settled_at = $1`, f.Clock.Now())
	press("a moment after it was sent", 0)
	var wg sync.WaitGroup
	f.Clock.Advance(resendAfter)
	for range 5 {
		wg.Go(func() {
			if l, err := f.MailLink(ctx, c.Preferences); err != nil || !l.Sent {
				t.Errorf("at once with others: %+v, %v", l, err)
			}
		})
	}
	wg.Wait()
	press("after five at once", 0+1)
	last(`composed_at = $1`, f.Clock.Now())
	f.Clock.Advance(FreshFor)
	press("whose link opens nothing any more", 1)
	last(`state = 'in doubt', doubts = 2, settled_at = $1`, f.Clock.Now())
	press("held in doubt", 1)
	last(`state = 'failed', settled_at = $1`, f.Clock.Now())
	f.Clock.Advance(16 * time.Minute)
	press("failed", 1)
	last(`state = 'sent', composed_at = $1, settled_at = $1`, f.Clock.Now())
	f.exec(`INSERT INTO address_change (subscriber_id, newsletter_id, locale, old_hash, asked_at, expires_at, state, settled_at)
		VALUES ($1, 1, 'uk', 'old', $2, $2, 'done', $2)`, c.SubscriberID, f.Clock.Now())
	press("that went to the address of before", 1)
}

// TestEraseOwnLeavesNothingOfEitherAddress searches every column of every table, after a change
// of address, for either address.
func TestEraseOwnLeavesNothingOfEitherAddress(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	c = f.moved(c, "nadia@example.org", "nadia.new@example.net")
	if _, err := f.AskAddress(ctx, f.fresh(c, "nadia.new@example.net"), address(t, "third@example.com")); err != nil {
		t.Fatal(err)
	}
	f.subscribe("olha@example.org")
	for _, words := range []string{"nadia", "third"} {
		if f.found(words) == 0 {
			t.Fatalf("nothing holds %s before erasure", words)
		}
	}
	link := f.fresh(c, "nadia.new@example.net")
	if err := f.EraseOwn(ctx, link); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"nadia", "third"} {
		if n := f.found(words); n != 0 {
			t.Errorf("%d rows still hold %s", n, words)
		}
	}
	if f.found("olha") == 0 {
		t.Error("somebody else was erased")
	}
	for _, a := range []string{"nadia@example.org", "nadia.new@example.net"} {
		if reason, err := suppression.Has(ctx, f.DB, f.hash(address(t, a))); err != nil || reason != suppression.Erased {
			t.Errorf("%s is %q, %v", a, reason, err)
		}
	}
	if n := f.number("SELECT count(*) FROM consent_event WHERE kind = 'confirmed'"); n != 2 {
		t.Errorf("%d proofs of consent stay, want both", n)
	}
	if _, err := f.Fresh(ctx, link); !errors.Is(err, ErrNoReader) {
		t.Errorf("the link after erasure: %v", err)
	}
	if err := f.EraseOwn(ctx, link); !errors.Is(err, ErrNoReader) {
		t.Errorf("erasing twice: %v", err)
	}
}

// found counts the rows, of all tables, with words in any column.
func (f *fixture) found(words string) (n int) {
	f.t.Helper()
	ctx := context.Background()
	rows, err := f.DB.Query(ctx, `SELECT table_schema, table_name FROM information_schema.tables
		WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`)
	if err != nil {
		f.t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var schema, table string
		if err := rows.Scan(&schema, &table); err != nil {
			f.t.Fatal(err)
		}
		tables = append(tables, `"`+schema+`"."`+table+`"`)
	}
	for _, table := range tables {
		n += f.number(`SELECT count(*) FROM `+table+` AS x WHERE x::text ILIKE $1`, "%"+words+"%")
	}
	return n
}

func TestReceiptGoesOnAfterAChangeOfAddress(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.moved(f.subscribe("nadia@example.org"), "nadia@example.org", "nadia@example.net")
	f.Clock.Advance(time.Minute)
	f.subscribe("nadia@example.org") // somebody else has the old address now
	_, events, err := f.Receipt(ctx, f.fresh(c, "nadia@example.net"))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	if got := strings.Join(kinds, " "); got != "changed confirmed requested" {
		t.Errorf("events: %s", got)
	}
	raw, err := f.Download(ctx, f.fresh(c, "nadia@example.net"), words(t, "en"))
	if err != nil || strings.Count(string(raw), `"confirmed"`) != 1 || !strings.Contains(string(raw), `"address_changes"`) {
		t.Errorf("%v\n%s", err, raw)
	}
	if sent, err := f.MailReceipt(ctx, f.fresh(c, "nadia@example.net"), nil); err != nil || !sent {
		t.Errorf("mail: %t, %v", sent, err)
	}
}

func TestTopics(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	p, err := f.Service.Preferences(ctx, c.Preferences)
	if err != nil || p.Topics != nil {
		t.Fatalf("%+v, %v", p, err)
	}
	change := p.Change()
	change.Topics = []string{"Research", "Law", "Research"}
	saved, err := f.SavePreferences(ctx, c.Preferences, change, Evidence{})
	if err != nil || strings.Join(saved.Topics, " ") != "Law Research" {
		t.Errorf("%+v, %v", saved, err)
	}
	change.Topics = nil
	if saved, err = f.SavePreferences(ctx, c.Preferences, change, Evidence{}); err != nil || saved.Topics != nil {
		t.Errorf("%+v, %v", saved, err)
	}
}

// A receipt is mailed once, as a link is; one that says something else is another.
func TestMailReceiptOnce(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	f.Notify = func(ctx context.Context, tx pgx.Tx, all ...Notice) error {
		_, err := tx.Exec(ctx, `INSERT INTO notice (kind, locale, newsletter_id, subscriber_id, content, due_at, created_at)
			VALUES ('link', 'en', $1, $2, jsonb_build_object('about', $3::text, 'records', $4::jsonb), $5, $5)`,
			all[0].NewsletterID, all[0].SubscriberID, all[0].About, all[0].Records, f.Clock.Now())
		return err
	}
	press := func(when, what string, want int) {
		t.Helper()
		sent, err := f.MailReceipt(ctx, f.fresh(c, "nadia@example.org"), []mailer.Record{{When: "today", What: what}})
		if n := f.number(`SELECT count(*) FROM notice`); err != nil || !sent || n != want {
			t.Errorf("%s: %d mails, want %d, %t %v", when, n, want, sent, err)
		}
	}
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if sent, err := f.MailReceipt(ctx, f.fresh(c, "nadia@example.org"), []mailer.Record{{When: "today", What: "confirmed"}}); err != nil || !sent {
				t.Errorf("at once with others: %t %v", sent, err)
			}
		})
	}
	wg.Wait()
	press("while it waits", "confirmed", 1)
	press("another receipt", "changed", 2)
	f.exec(`UPDATE notice SET state = 'sent', composed_at = $1, settled_at = $1`, f.Clock.Now())
	press("a moment after it was sent", "changed", 2)
	if _, err := f.MailLink(ctx, c.Preferences); err != nil || f.number(`SELECT count(*) FROM notice`) != 3 {
		t.Error("a link is no receipt")
	}
	f.Clock.Advance(resendAfter)
	press("a minute later", "changed", 4)
}
