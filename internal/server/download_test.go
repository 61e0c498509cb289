package server_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// The file with everything says what each part of it is, in the reader's language,
// and has the mails that the page "what was sent to you" lists, and no others of a
// reader's: not what became of a mail to a mailbox that may be somebody else's.
func TestDownloadHasTheMailsOfThePage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	s.exec(`INSERT INTO notice (kind, content, locale, newsletter_id, signup_id, subscriber_id, state, due_at, created_at)
		SELECT v.kind, v.content::jsonb, 'en', $1, g.id, v.subscriber, 'sent', $3::timestamptz + v.later, $3::timestamptz + v.later
		FROM (VALUES ('confirmation', '{}', NULL::bigint, interval '0'), ('welcome', '{}', $2, interval '1 hour'), ('link', '{"about": "data"}', $2, interval '2 hours'))
			AS v (kind, content, subscriber, later)
		LEFT JOIN signup g ON v.kind = 'confirmation'`, c.NewsletterID, c.SubscriberID, s.clock.Now())
	s.exec(`WITH c AS (
			INSERT INTO address_change (subscriber_id, newsletter_id, locale, state, address, address_key, old_hash, asked_at, expires_at)
			VALUES ($2, $1, 'en', 'waiting', 'b@example.net', 'b@example.net', 'old', $3, $3::timestamptz + interval '1 day') RETURNING id)
		INSERT INTO notice (kind, content, locale, newsletter_id, address, state, due_at, created_at)
		SELECT 'link', jsonb_build_object('about', about, 'change', c.id), 'en', $1, 'b@example.net', 'failed', $3::timestamptz, $3::timestamptz + interval '3 hours'
		FROM c, unnest(ARRAY['new address', 'old address']) AS about`, c.NewsletterID, c.SubscriberID, s.clock.Now())
	s.exec(`UPDATE signup SET address = 'before@example.org', address_key = 'before@example.org'`) // as after an earlier change
	data := s.fresh(c, "nadia@example.org")

	read := func(lang string) (mails []string, about map[string]string) {
		t.Helper()
		href := s.get(data+"?lang="+lang).doc.Find("a[href*='/download']").AttrOr("href", "")
		got := s.get(href)
		var file struct {
			ReadMe map[string]string `json:"read_me"`
			Mails  []struct {
				Kind, State string
				Content     struct{ About string }
			} `json:"other_mails"`
		}
		if err := json.Unmarshal([]byte(got.body), &file); err != nil || !strings.HasPrefix(got.body, "{\n  \"read_me\": {") {
			t.Fatalf("%v\n%s", err, got.body)
		}
		for _, m := range file.Mails {
			mails = append(mails, strings.TrimSpace(m.Kind+" "+m.Content.About)+" "+m.State)
		}
		return mails, file.ReadMe
	}
	mails, english := read("en")
	if want := []string{"link old address failed", "link data sent", "welcome sent", "confirmation sent"}; !slices.Equal(mails, want) {
		t.Errorf("in the file: %q, want %q", mails, want)
	}
	if n := s.get(data + "/mails").doc.Find("main li").Length(); n != len(mails) {
		t.Errorf("%d on the page: %q", n, s.get(data+"/mails").text("main"))
	}
	_, ukrainian := read("uk")
	if !strings.Contains(english["mails_with_articles"], "“What was sent to you”") || !strings.Contains(ukrainian["mails_with_articles"], "«Що вам надіслано»") || len(english) != 12 {
		t.Errorf("said of it: %q, %q", english, ukrainian)
	}
}
