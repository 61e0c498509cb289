package delivery

import (
	"testing"

	"vistka/internal/mailer/smtptest"
	"vistka/internal/postgres"
)

// A queued notice rings as one, and nothing else does: a sign-up must not have
// the driver read its editions again.
func TestNoticesRingApart(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	conn, err := postgres.Connect(t.Context(), w.db.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "LISTEN "+Channel); err != nil {
		t.Fatal(err)
	}
	heard := func() (notice, news int) {
		n, err := conn.WaitForNotification(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b := bell{notice: make(chan struct{}, 1), news: make(chan struct{}, 1)}
		b.ring(n.Payload)
		b.ring(n.Payload) // nobody has answered the first: not waited for
		return len(b.notice), len(b.news)
	}

	subscriber := w.reader("a@example.org")
	if _, err := Enqueue(t.Context(), w.db, w.clock.Now(), Notice{Kind: Welcome, Locale: "en", NewsletterID: 1, SubscriberID: subscriber}); err != nil {
		t.Fatal(err)
	}
	if notice, news := heard(); notice != 1 || news != 0 {
		t.Errorf("a queued notice rang %d, %d", notice, news)
	}
	w.queue(w.edition, subscriber)
	if notice, news := heard(); notice != 0 || news != 1 {
		t.Errorf("a queued delivery rang %d, %d", notice, news)
	}
}
