package server_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

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

// Save without a change says so and records nothing, and there is nothing to take
// back; nor is there where "less often" is pressed on a page that is older than the
// same choice. A pause that is over is no change.
func TestSavedWithoutAChange(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	s.exec(`UPDATE subscription SET cadence = 'weekly', paused_until = $1`, s.clock.Now().Add(-day))
	row := func() (all string) {
		if err := s.pool.QueryRow(t.Context(), `SELECT s::text || s.xmin FROM subscription s`).Scan(&all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	before, events := row(), s.count(`SELECT count(*) FROM consent_event`)
	path, leave := "/preferences/"+c.Preferences, s.leaveLink(c)
	weekly := url.Values{"shown": {s.get(leave).doc.Find("[name=shown]").AttrOr("value", "")}, "act": {"weekly"}, "hand": {"seen"}}
	s.clock.Advance(3 * time.Second)
	for lang, want := range map[string]string{"en": "Nothing else had to be changed", "uk": "Більше нічого змінювати не довелося"} {
		save := fill(s.get(path).doc, "#settings")
		save.Set("lang", lang)
		weekly.Set("lang", lang)
		for name, got := range map[string]answer{
			"save": s.press(path, save, "Origin", baseURL), "weekly": s.press(leave, weekly, "Origin", baseURL),
		} {
			if !strings.Contains(got.text(".notice[role=status]"), want) || got.doc.Find("[name=undo]").Length() != 0 {
				t.Errorf("%s, %s: %q", name, lang, got.text("main"))
			}
		}
	}
	if row() != before || s.count(`SELECT count(*) FROM consent_event`) != events {
		t.Errorf("recorded: %s, %d events; before: %s, %d", row(), s.count(`SELECT count(*) FROM consent_event`), before, events)
	}
}

// Whether a confirmation may point to the words of the request is known from the
// request: here they are kept, of a site's own form they are not.
func TestConfirmationPointsToKeptWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for lang, want := range map[string]string{
		"en": "Kyiv time. What stood beside the button then is in the entry of that request.",
		"uk": "за київським часом. Що тоді було написано біля кнопки, наведено в записі про те прохання.",
	} {
		if got := s.get("/dev/data-consent?lang=" + lang).text("main"); !strings.Contains(got, want) {
			t.Errorf("%s: %q is not said in %s", lang, want, got)
		}
	}
}

func TestCannedMailsFitTheirNames(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if got := s.get("/dev/mail/digest-by-topic?lang=en").body; !strings.Contains(got, "RESEARCH") && !strings.Contains(got, "\nResearch\n") {
		t.Errorf("no heading of a topic: %s", got)
	}
	if got := s.get("/dev/mail/alert-budget-spent?lang=en").body; strings.Contains(got, "550 5.7.1") {
		t.Error("a relay's reply below what no relay said")
	}
	if got := s.get("/dev/archive-edition?lang=en"); !strings.Contains(got.body, "and 5 more articles") || got.doc.Find(".aside li").Length() != 2 || !strings.Contains(got.text(".aside"), "3 more articles") {
		t.Errorf("the numbers of an edition: %s", got.text("main"))
	}
}
