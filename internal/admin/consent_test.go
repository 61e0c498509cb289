package admin

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/account"
	"vistka/internal/subscriber"
)

// Who agreed to what, when and how is told in words, not in those of the table.
func TestConsentIsToldInWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.subs.Notify = func(context.Context, pgx.Tx, ...subscriber.Notice) error { return nil }
	s.subs.Changed = func(context.Context, pgx.Tx, int64) error { return nil }
	n := s.newsletter("news")
	s.account(account.Editor)
	b := s.as(account.Editor)
	s.exec(`INSERT INTO signup (newsletter_id, address, address_key, locale, wording, page_url, created_at, expires_at)
		SELECT $1, a, a, 'uk', w, 'https://news.example.org/form', now(), now() + interval '72 hours'
		FROM (VALUES ('ours@example.org', E'Subscribe to <Herald>\nSubscribe'), ('theirs@example.org', $2)) AS v (a, w)`, n.ID, subscriber.ForeignWording)
	pages := map[string]string{}
	zone, err := time.LoadLocation(n.Timezone)
	if err != nil {
		t.Fatal(err)
	}
	now := s.clock.Now()
	month := time.Date(now.Year(), now.Month()+2, 1, 0, 0, 0, 0, zone) // which begins a day earlier in UTC
	for id := int64(1); id <= 2; id++ {
		c, err := s.subs.Confirm(t.Context(), subscriber.ConfirmToken(s.subs.Keys, id, 1), subscriber.Evidence{UserAgent: "A <browser>"})
		if err != nil || c.Outcome != subscriber.Confirmed {
			t.Fatal(c.Outcome, err)
		}
		if _, err := s.subs.SavePreferences(t.Context(), c.Preferences, subscriber.Change{Cadence: "weekly", Locale: "uk", Zone: "UTC", Hour: 8, PausedUntil: &month}, subscriber.Evidence{}); err != nil {
			t.Fatal(err)
		}
		s.exec(`INSERT INTO consent_event (address_hash, newsletter_id, kind, source, at) SELECT address_hash, $1, 'changed', 'translations: uk, only', now() FROM subscriber WHERE id = $2`, n.ID, c.SubscriberID)
		path := fmt.Sprintf("/admin/subscribers/%d", c.SubscriberID)
		b.post(path, url.Values{"act": {"end"}, "newsletter": {fmt.Sprint(n.ID)}})
		got := b.get(path)
		pages[strings.Split(got.text("h1"), "@")[0]] = got.text(".timeline")
		if !strings.Contains(got.text("dl"), "LanguageUkrainian") {
			t.Errorf("language: %q", got.text("dl"))
		}
	}
	for who, words := range map[string]string{"ours": "Subscribe to <Herald> Subscribe", "theirs": "The form stood on the site news.example.org with words that the site wrote"} {
		for _, want := range []string{
			words, "Asked The news, with the sign-up form", "On the page https://news.example.org/form", "Language of the page or mail: Ukrainian",
			"Confirmed The news, with the button behind the link in the mail", "Browser: A <browser>", "Left The news, by the newsroom, in its admin pages",
			"Changed The news, on the settings page How often: Once a week (before: ", month.Format("until 2 January 2006"),
			"Preferred language: Ukrainian When a story comes out in the other language first: Send it only in the language I prefer",
		} {
			if !strings.Contains(pages[who], want) {
				t.Errorf("%s: %q is not said: %s", who, want, pages[who])
			}
		}
	}
}
