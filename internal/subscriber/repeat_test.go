package subscriber

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// inTable has notices stand in their table, as the sender finds them.
func (f *fixture) inTable() {
	f.Notify = func(ctx context.Context, tx pgx.Tx, all ...Notice) error {
		for _, n := range all {
			_, err := tx.Exec(ctx, `INSERT INTO notice (kind, locale, newsletter_id, signup_id, subscriber_id, due_at, created_at)
				VALUES ($1, $2, $3, nullif($4, 0), nullif($5, 0), $6, $6)`, n.Kind, n.Locale, n.NewsletterID, n.SignupID, n.SubscriberID, f.Clock.Now())
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// Whoever presses Subscribe twice gets one mail: at once, while it is on its way,
// and a moment after it has gone. What was chosen last holds.
func TestSignUpThatIsRepeated(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.inTable()
	ctx := context.Background()
	mailed, asked := 0, 0
	press := func(when, locale string, mails, claims int) {
		t.Helper()
		r := f.request("nadia@example.org")
		r.Locale = locale
		res, err := f.SignUp(ctx, r)
		if err != nil || res.Decision != Accepted {
			t.Fatalf("%s: %+v, %v", when, res, err)
		}
		f.work()
		mailed, asked = mailed+mails, asked+claims
		if n := f.number(`SELECT count(*) FROM notice`); n != mailed {
			t.Fatalf("%s: %d mails, want %d", when, n, mailed)
		}
		if n := f.number(`SELECT count(*) FROM address_limit WHERE kind = 'confirmation'`); n != asked {
			t.Fatalf("%s: %d mails of those the address may get, want %d", when, n, asked)
		}
	}
	last := func(set string, args ...any) {
		t.Helper()
		f.exec(`UPDATE notice SET `+set+` WHERE id = (SELECT max(id) FROM notice)`, args...)
	}
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if res, err := f.SignUp(ctx, f.request("nadia@example.org")); err != nil || res.Handle == "" {
				t.Errorf("at once with others: %+v, %v", res, err)
			}
		})
	}
	wg.Wait()
	press("after five at once", "en", 1, 1)
	f.Clock.Advance(repeatWithin - time.Second)
	press("while the first waits", "uk", 0, 0)
	f.Clock.Advance(time.Second)
	press("a moment after the second press, not after the first", "en", 0, 1)
	last(`state = 'deferred', facts = '{"Generation": 1}'`)
	f.Clock.Advance(resendWindow)
	press("while it is tried again", "uk", 0, 1)
	last(`state = 'in doubt', doubts = 1`)
	f.Clock.Advance(24 * time.Hour)
	press("in doubt, to be tried again", "en", 0, 1)
	f.Clock.Advance(repeatWithin)
	last(`state = 'sent', settled_at = $1`, f.Clock.Now())
	f.Clock.Advance(repeatWithin - time.Second)
	press("a moment after it has gone", "uk", 0, 1)
	if n := f.number(`SELECT count(*) FROM signup WHERE locale = 'uk' AND mail_due_at IS NULL`); n != 1 {
		t.Error("the sign-up is not what was pressed last, or still owes a mail")
	}
}

// The page of a repeat is as good as the first one: "send again" there brings
// another mail, and the code of the mail confirms what was pressed last.
func TestPageOfARepeat(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.inTable()
	ctx := context.Background()
	f.signUp("nadia@example.org")
	f.exec(`UPDATE notice SET state = 'sent', settled_at = $1`, f.Clock.Now())
	f.Clock.Advance(time.Second)
	r := f.request("nadia@example.org")
	r.Locale = "en"
	second, err := f.SignUp(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	f.work()
	f.Clock.Advance(resendAfter)
	again, err := f.Resend(ctx, second.Handle, netip.Addr{})
	f.work()
	if n := f.number(`SELECT count(*) FROM notice`); err != nil || !again.Sent || n != 2 {
		t.Errorf("send again: %+v, %v, %d mails", again, err, n)
	}
	id := int64(f.number(`SELECT id FROM signup`))
	if c, err := f.ConfirmCode(ctx, second.Handle, Code(f.Keys, id, 1), Evidence{}); err != nil || c.Outcome != Confirmed || c.Locale != "en" {
		t.Errorf("the code: %+v, %v", c, err)
	}
	if n := f.number(`SELECT count(*) FROM subscription WHERE locale = 'en'`); n != 1 {
		t.Error("the language that was chosen last is lost")
	}
}

// A mail that was made for a link of before says nothing of the new one.
func TestSignUpAfterALinkThatIsOver(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.inTable()
	f.signUp("nadia@example.org")
	f.exec(`UPDATE notice SET state = 'deferred', facts = '{"Generation": 1}'`)
	f.Clock.Advance(ConfirmWithin)
	f.signUp("nadia@example.org")
	if n := f.number(`SELECT count(*) FROM notice`); n != 2 {
		t.Errorf("%d mails", n)
	}
}

// Two newsletters are two wishes, and so are two spellings of a mailbox.
func TestSignUpsThatAreNoRepeats(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.signUp("nadia@example.org")
	f.signUp("nadia+news@example.org")
	if got := f.mails(); got != "confirmation confirmation" {
		t.Errorf("mailed %q", got)
	}
	f.Clock.Advance(24 * time.Hour)
	f.signUp("nadia+news@example.org")
	f.signUp("nadia@example.org") // whose own last press was yesterday
	if got := f.mails(); got != "confirmation confirmation" {
		t.Errorf("a day later mailed %q", got)
	}
}

// Of two presses the second asks for no mail, whatever is known of the address:
// neither statement does more for one than for another.
func TestRepeatTellsNothing(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	for name, prepare := range states {
		a := strings.ReplaceAll(name, " ", "-") + "@example.org"
		prepare(f, a)
		f.Clock.Advance(20 * time.Minute)
		claims := func() int { return f.number(`SELECT count(*) FROM address_limit WHERE kind = 'confirmation'`) }
		before := claims()
		f.signUp(a)
		first := claims()
		f.Clock.Advance(10 * time.Second)
		f.signUp(a)
		if first != before+1 || claims() != first {
			t.Errorf("%s: the first press takes %d of what the address may get, the second %d", name, first-before, claims()-first)
		}
	}
}

// The same wish within a moment is one: it mails nothing more, and its links stay good.
func TestChangeOfAddressAskedTwice(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	c := f.subscribe("nadia@example.org")
	f.mails()
	for _, ask := range []struct {
		to    string
		after time.Duration
		mails string
	}{
		{"new@example.net", 0, "link link"},
		{"new@example.net", repeatWithin - time.Second, ""},
		{"other@example.net", 0, "link link"},
		{"new@example.net", 0, "link link"},
		{"new@example.net", resendWindow, "link link"},
	} {
		f.Clock.Advance(ask.after)
		confirm, _ := f.ask(c, "nadia@example.org", ask.to)
		if got := f.mails(); got != ask.mails {
			t.Errorf("%s after %v: mailed %q, want %q", ask.to, ask.after, got, ask.mails)
		}
		if p, err := f.AddressPage(context.Background(), confirm); err != nil || p.State != ChangeWaiting || p.Typed != ask.to {
			t.Errorf("%s after %v: %+v, %v", ask.to, ask.after, p, err)
		}
	}
}
