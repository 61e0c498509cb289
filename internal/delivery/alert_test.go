package delivery

import (
	"mime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/locale"
	"vistka/internal/mailer/smtptest"
	"vistka/internal/postgres"
)

func (w *world) owner(address, locale string) {
	w.t.Helper()
	w.account(address, locale, "owner", nil)
}

func (w *world) account(address, locale, role string, disabled *time.Time) {
	w.t.Helper()
	w.exec(`INSERT INTO account (address, address_key, name, password_hash, role, locale, created_at, disabled_at)
		VALUES ($1, $1, 'A person', '', $2, $3, $4, $5)`, address, role, locale, w.clock.Now(), disabled)
}

func (w *world) newsletter(slug, from string) {
	w.t.Helper()
	w.exec(`
		WITH f AS (INSERT INTO family DEFAULT VALUES RETURNING id)
		INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address, postal_address, site_url)
		SELECT id, $1, 'Another', 'en', 'Another', $2, '1 Main Street', 'https://news.example' FROM f`, slug, from)
}

// alerts counts the notices queued for a cause.
func (w *world) alerts(c Cause) int {
	w.t.Helper()
	return w.count("notice WHERE kind = 'alert' AND content->>'subject' LIKE $1", string(c)+" %")
}

func (w *world) tell(t Trouble) {
	w.t.Helper()
	err := postgres.InTx(w.t.Context(), w.db, func(tx pgx.Tx) error {
		w.s.AlertOwners(w.t.Context(), tx, t)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

var everyCause = []Cause{
	CauseRelayRefused, CauseRelayDown, CauseSenderRefused, CauseEditionPaused, CauseEditionUnmade,
	CauseSendingLocked, CauseFeedFailing, CauseFeedGone, CauseDoubtHeld,
}

// One mail a trouble, owner and quiet time, none to anybody else, and none while
// the last one waits.
func TestOwnersAreToldOnce(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	now := w.clock.Now()
	w.owner("en@example.org", "en")
	w.owner("uk@example.org", "uk")
	w.account("left@example.org", "en", "owner", &now)
	w.account("editor@example.org", "en", "editor", nil)
	for _, c := range everyCause {
		one := Trouble{Cause: c, Object: "7", Name: "A name", Words: "550 no"}
		want := func(what string, n int) {
			t.Helper()
			if got := w.alerts(c); got != n {
				t.Errorf("%s, %s: %d notices, want %d", c, what, got, n)
			}
		}
		w.tell(one)
		want("at first", 2)
		w.exec(`UPDATE notice SET state = 'sent'`)
		w.clock.Advance(one.quiet() - time.Microsecond)
		w.tell(one)
		want("within the quiet time", 2)
		w.clock.Advance(time.Microsecond)
		w.tell(one)
		want("after it", 4)
		w.clock.Advance(one.quiet())
		w.tell(one)
		want("while the last waits", 4)
		one.Object = "8"
		w.tell(one)
		want("of another object", 6)
	}
	if n := w.count("notice WHERE address NOT IN ('en@example.org', 'uk@example.org') OR locale <> left(address, 2)"); n != 0 {
		t.Errorf("%d notices to somebody else or in another language", n)
	}
}

// What cannot be told does not undo what it tells of.
func TestAlertFailsAlone(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.owner("owner@example.org", "en")
	err := postgres.InTx(t.Context(), w.db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), sqlEditionPause, pgx.StrictNamedArgs{"edition": w.edition, "reason": locale.Message{Key: "edition.reason.command_line"}}); err != nil {
			return err
		}
		w.s.AlertOwners(t.Context(), tx, Trouble{Cause: "unheard of"})
		return nil
	})
	if err != nil || w.editionState() != "paused" {
		t.Errorf("the edition is %s, %v", w.editionState(), err)
	}
}

// Without an account or a newsletter nobody can be told, and nothing breaks.
func TestNobodyToTell(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.tell(Trouble{Cause: CauseSendingLocked})
	w.owner("owner@example.org", "en")
	w.exec(`UPDATE newsletter SET archived_at = $1`, w.clock.Now())
	w.tell(Trouble{Cause: CauseFeedGone, Object: "1"})
	if n := w.count("notice"); n != 0 {
		t.Errorf("%d notices", n)
	}
}

// Each alert is a mail in the owner's language that says where to go.
func TestAlertMails(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.owner("en@example.org", "en")
	w.owner("uk@example.org", "uk")
	titles := map[string]Trouble{}
	for _, c := range everyCause {
		trouble := Trouble{Cause: c, Object: "7", Name: "Назва & name", Words: "550 no such thing", NewsletterID: 1}
		for _, code := range []string{"en", "uk"} {
			words := trouble.content(w.s.Catalog.For(code), w.s.BaseURL)
			if said := words.Title + words.Text; strings.ContainsAny(said, "[]{}<>") || len(strings.Split(words.Text, "\n\n")) != 3 {
				t.Errorf("%s in %s: %q", c, code, said)
			}
			titles["The News: "+words.Title] = trouble
		}
		w.tell(trouble)
	}
	w.start(w.s)
	w.until("all are sent", func() bool { return w.lab.Journal.Len() == len(titles) })
	for _, m := range w.lab.Journal.Mails() {
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header("Subject"))
		if err != nil {
			t.Fatal(err)
		}
		trouble, ok := titles[subject]
		body := strings.ReplaceAll(string(m.Data), "=\r\n", "")
		if !ok || !strings.Contains(body, w.s.BaseURL+trouble.page()) || !strings.Contains(body, trouble.Words) {
			t.Errorf("to %s: %q", m.To, subject)
		}
		delete(titles, subject)
	}
	if len(titles) > 0 {
		t.Errorf("not mailed: %v", titles)
	}
}

// A relay that turns us away for good is told of at once; one that is only away
// after ten minutes.
func TestRelayIsToldOf(t *testing.T) {
	for _, tc := range []struct {
		greeting string
		cause    Cause
		patience time.Duration
	}{
		{"554 5.7.1 not from there", CauseRelayRefused, 0},
		{"421 4.3.2 closing down", CauseRelayDown, relayPatience},
	} {
		t.Run(string(tc.cause), func(t *testing.T) {
			w := newWorld(t, smtptest.Options{})
			w.lab.Script(func(e smtptest.Event) smtptest.Action {
				if e.Stage == smtptest.Banner {
					return smtptest.Action{Reply: tc.greeting}
				}
				return smtptest.Action{}
			})
			w.owner("owner@example.org", "en")
			id := w.deliver("reader@example.org")
			w.start(w.s)
			tries := func(n int) {
				t.Helper()
				before, _, _ := w.lab.Connections()
				w.until("it was tried", func() bool { opened, _, _ := w.lab.Connections(); return opened > before+n })
			}
			tries(3)
			if tc.patience > 0 {
				w.clock.Advance(tc.patience - time.Second)
				tries(3)
				if n := w.count("notice"); n != 0 {
					t.Fatalf("%d told too early", n)
				}
				w.clock.Advance(time.Second)
			}
			w.until("the owner is told", func() bool { return w.alerts(tc.cause) == 1 })
			w.clock.Advance(2 * alertQuiet)
			tries(3)
			if n := w.count("notice"); n != 1 {
				t.Errorf("%d notices: the first still waits", n)
			}
			w.lab.Script(nil)
			w.untilState(id, Sent)
			w.until("the alert comes then", func() bool { return len(w.lab.Journal.To("owner@example.org")) == 1 })
		})
	}
}

// Whatever made a mail wait for a person, the owners hear of it.
func TestHeldDoubtIsToldOf(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.s.lease = 3 * time.Second
	w.owner("owner@example.org", "en")
	id := w.deliver("reader@example.org")
	w.exec(`UPDATE delivery SET state = 'in doubt', doubts = 2 WHERE subscriber_id = $1`, id)
	w.start(w.s)
	w.until("the owner is told", func() bool { return w.alerts(CauseDoubtHeld) == 1 })
}
