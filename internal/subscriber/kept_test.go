package subscriber

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/postgres"
)

// Whoever keeps the address closes every link to the data that was mailed before: for
// looking, for another wish and for erasing, also in the moment of the press.
func TestKeepingTheAddressClosesTheLinksOfBefore(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c, other := f.subscribe("nadia@example.org"), f.subscribe("olha@example.org")
	link, others := f.fresh(c, "nadia@example.org"), f.fresh(other, "olha@example.org")
	if l, err := f.MailLink(ctx, c.Preferences); err != nil || !l.Sent {
		t.Fatalf("%+v, %v", l, err)
	}
	read, err := f.Fresh(ctx, link)
	if err != nil {
		t.Fatal(err)
	}
	f.Clock.Advance(time.Minute)
	_, keep := f.ask(c, "nadia@example.org", "a@example.net")
	f.Clock.Advance(time.Minute)
	f.mails()
	for range 2 {
		if p, err := f.KeepAddress(ctx, keep); err != nil || p.State != ChangeCancelled || !p.Closed {
			t.Fatalf("keep: %+v, %v", p, err)
		}
		if p, err := f.KeepPage(ctx, keep); err != nil || !p.Closed {
			t.Fatalf("its page: %+v, %v", p, err)
		}
	}
	d, err := emailaddr.Parse("d@example.net")
	if err != nil {
		t.Fatal(err)
	}
	_, opened := f.Fresh(ctx, link)
	_, asked := f.AskAddress(ctx, link, d)
	raced := postgres.InTx(ctx, f.DB, func(tx pgx.Tx) error { return f.askAddress(ctx, tx, read, d) }) // read before the press
	for act, err := range map[string]error{"open": opened, "ask": asked, "ask at once": raced, "erase": f.EraseOwn(ctx, link)} {
		if !errors.Is(err, ErrKept) || !errors.Is(err, ErrStale) {
			t.Errorf("%s: %v", act, err)
		}
	}
	if erased := postgres.InTx(ctx, f.DB, func(tx pgx.Tx) error {
		_, err := f.erase(ctx, tx, read.address, func() error { return f.stillOpen(ctx, tx, read) })
		return err
	}); !errors.Is(erased, ErrKept) || f.addressOf(c) != "nadia@example.org" {
		t.Errorf("erased at once: %v", erased)
	}
	if got := f.mails(); got != "" {
		t.Errorf("mailed: %s", got)
	}
	if _, err := f.Fresh(ctx, others); err != nil {
		t.Errorf("another reader’s: %v", err)
	}
	f.Clock.Advance(time.Second)
	if _, err := f.Fresh(ctx, f.fresh(c, "nadia@example.org")); err != nil {
		t.Errorf("a link of after: %v", err)
	}
}

// A link that was mailed a moment ago and is closed is none that is under way.
func TestALinkOfAfterKeepingIsMailed(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("nadia@example.org")
	f.exec(`INSERT INTO notice (kind, locale, newsletter_id, subscriber_id, content, state, due_at, created_at, composed_at, settled_at)
		VALUES ('link', 'en', $1, $2, '{"about": "data"}', 'sent', $3, $3, $3, $3)`, c.NewsletterID, c.SubscriberID, f.Clock.Now())
	_, keep := f.ask(c, "nadia@example.org", "a@example.net")
	f.mails()
	asked := func() string {
		t.Helper()
		if l, err := f.MailLink(ctx, c.Preferences); err != nil || !l.Sent {
			t.Fatalf("%+v, %v", l, err)
		}
		return f.mails()
	}
	if got := asked(); got != "" {
		t.Fatalf("it was sent a moment ago, and again: %s", got)
	}
	if _, err := f.KeepAddress(ctx, keep); err != nil {
		t.Fatal(err)
	}
	if got := asked(); got != string(NoticeLink) {
		t.Errorf("mailed %q", got)
	}
}
