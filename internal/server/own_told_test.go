package server_test

import (
	"strings"
	"testing"

	"vistka/internal/subscriber"
)

// The list of mails says which of the two a reader had asked for.
func TestMailsSayWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	data := s.fresh(c, "nadia@example.org")
	for about, want := range map[string]string{
		subscriber.AboutData: "What you asked for: a link to your data", subscriber.AboutReceipt: "What you asked for: the proof of your consent",
		subscriber.AboutMoved: "your mail comes there from now on",
	} {
		s.exec("DELETE FROM notice")
		s.exec(`INSERT INTO notice (kind, content, locale, newsletter_id, subscriber_id, state, due_at, created_at)
			VALUES ('link', jsonb_build_object('about', $1::text), 'en', $2, $3, 'sent', $4, $4)`, about, c.NewsletterID, c.SubscriberID, s.clock.Now())
		if got := s.get(data + "/mails").text("main"); !strings.Contains(got, want) || strings.Contains(got, ", or") {
			t.Errorf("%s: %q", about, got)
		}
	}
}

// Times are told by the clock that the reader chose, not by the newsletter's.
func TestOwnPagesTellTheReadersTime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	s.exec(`UPDATE subscription SET zone = 'Asia/Tokyo'`)
	s.exec(`INSERT INTO notice (kind, locale, newsletter_id, subscriber_id, state, due_at, created_at) VALUES ('welcome', 'en', $1, $2, 'sent', $3, $3)`,
		c.NewsletterID, c.SubscriberID, s.clock.Now())
	data := s.fresh(c, "nadia@example.org")
	for path, want := range map[string]string{"": "18:30 Tokyo time", "/mails": "24 November 2026, 18:00 Tokyo time", "/consent": "24 November 2026, 18:00 Tokyo time"} {
		if got := s.get(data + path).text("main"); !strings.Contains(got, want) {
			t.Errorf("%s: %q", path, got)
		}
	}
	s.press(data+"/consent", fill(s.get(data+"/consent").doc, "form.act"), "Origin", baseURL)
	if last := s.notices[len(s.notices)-1]; len(last.Records) == 0 || !strings.HasSuffix(last.Records[0].When, "18:00 Tokyo time") {
		t.Errorf("by mail: %+v", last)
	}
}
