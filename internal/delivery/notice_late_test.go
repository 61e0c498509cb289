package delivery

import (
	"testing"
	"time"

	"vistka/internal/mailer/smtptest"
)

// The hours in which a sign-up can be confirmed begin with a mail that comes late, as
// that mail says; those that "this wasn't me" has cut short stay so.
func TestALateConfirmationHasItsHours(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.exec(`UPDATE sending SET state = 'stopped', reason = 'a slip'`)
	w.start(w.s)
	signup := func(address, set string) (id int64) {
		id = w.signup(address)
		w.exec(`UPDATE signup SET expires_at = created_at + interval '72 hours' WHERE id = $1`, id)
		if set != "" {
			w.exec(`UPDATE signup SET `+set+` WHERE id = $1`, id)
		}
		w.enqueue(Notice{Kind: Confirmation, Locale: "en", SignupID: id, NewsletterID: 1})
		return id
	}
	asked := w.clock.Now()
	late, refused, confirmed := signup("late@example.org", ""), signup("refused@example.org", "expires_at = created_at"), signup("confirmed@example.org", "confirmed_at = created_at")
	w.clock.Advance(96 * time.Hour)
	soon := signup("soon@example.org", "")
	w.clock.Advance(30 * time.Minute)
	w.exec(`UPDATE sending SET state = 'on', reason = ''`)
	w.exec(sqlNotify)
	for n, want := range []State{Sent, Cancelled, Cancelled, Sent} {
		w.untilNotice(int64(n+1), want)
	}
	sent := asked.Add(96*time.Hour + 30*time.Minute)
	for id, want := range map[int64]time.Time{
		late: sent.Add(72 * time.Hour), refused: asked, confirmed: asked.Add(72 * time.Hour), soon: sent.Add(72*time.Hour - 30*time.Minute),
	} {
		var until time.Time
		w.one(&until, `SELECT expires_at FROM signup WHERE id = $1`, id)
		if !until.Equal(want) {
			t.Errorf("sign-up %d can be confirmed until %v, want %v", id, until, want)
		}
	}
	var said time.Time
	w.one(&said, `SELECT (facts ->> 'ExpiresAt')::timestamptz FROM notice WHERE id = 1`)
	if !said.Equal(sent.Add(72 * time.Hour)) {
		t.Errorf("the mail says until %v", said)
	}
}
