package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The old mailbox is told what its press does, and the link that the change was asked
// with opens nothing any more.
func TestKeepingTheAddressSaysWhatItCloses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	data := s.fresh(s.subscribed("nadia@example.org"), "nadia@example.org")
	s.ask(data, "new@example.net")
	keep := s.addressLink("keep-address")
	if got := s.get(keep); !strings.Contains(got.text("main"), "Links to your data that we mailed before stop working too") {
		t.Errorf("before: %q", got.text("main"))
	}
	if got := s.pressOn(keep); !strings.Contains(got.text("main"), "no longer open anything") {
		t.Errorf("after: %q", got.text("main"))
	}
	for lang, want := range map[string]string{"en": "A change of your address was stopped", "uk": "Зміну вашої адреси зупинено"} {
		got := s.get(data + "?lang=" + lang)
		if got.StatusCode != http.StatusGone || !strings.Contains(got.text("main"), want) || got.doc.Find("main form [value=link]").Length() != 1 {
			t.Errorf("%s: %d %q", lang, got.StatusCode, got.text("main"))
		}
	}
	if got := s.get(data + "/download"); got.StatusCode != http.StatusGone {
		t.Errorf("the file: %d", got.StatusCode)
	}
}

// What was erased has no latest mail to look for.
func TestLinksOfWhatWasErased(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	confirm := s.confirmLink("nadia@example.org")
	notMe := s.get(confirm).doc.Find("a[href^='/not-me/']").AttrOr("href", "")
	s.exec(`DELETE FROM signup`)
	for _, link := range []string{confirm, notMe} {
		path, _, _ := strings.Cut(link, "?")
		for lang, want := range map[string]string{"en": "It has expired, or what it was for has been erased.", "uk": "Строк його дії минув, або те, чого воно стосувалося, видалено."} {
			if got := s.get(path + "?lang=" + lang); got.StatusCode != http.StatusGone || got.text(".lead") != want {
				t.Errorf("%s: %d %q", link, got.StatusCode, got.text("main"))
			}
		}
	}
}

// Who signs up from a site that is not listed is led to the form of that newsletter,
// for the article that they came from where that is on a listed site.
func TestFromASiteThatIsNotListedToTheForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	form := foreign("nadia@example.org")
	got := s.post("/subscribe", form, "Origin", "https://copy.example.net")
	link := "main .back a"
	want := "/n/watch?" + url.Values{"article": {article}, "lang": {"en"}}.Encode()
	if href := got.doc.Find(link).AttrOr("href", ""); got.StatusCode != http.StatusForbidden || href != want || got.text(link) != "Subscribe on our own page" {
		t.Errorf("%d %q %q", got.StatusCode, href, got.text("main"))
	}
	uk := s.inUkrainian(got)
	if href := uk.doc.Find(link).AttrOr("href", ""); href != strings.Replace(want, "lang=en", "lang=uk", 1) || uk.text(link) != "Підписатися на нашій сторінці" {
		t.Errorf("%q %q", href, uk.text("main"))
	}
	if next := s.get(want); next.StatusCode != http.StatusOK || next.doc.Find("input[name=article]").AttrOr("value", "") != article {
		t.Errorf("%d %q", next.StatusCode, next.text("main"))
	}
	form.Set("article", "https://copy.example.net/article")
	if href := s.post("/subscribe", form, "Origin", "https://copy.example.net").doc.Find(link).AttrOr("href", ""); href != "/n/watch?lang=en" {
		t.Errorf("an article of a site that is not listed: %q", href)
	}
	if s.asked() != 0 {
		t.Error("something was mailed")
	}
}

// What a paste brings along is no mistake of the reader's.
func TestAPastedAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for typed, want := range map[string]string{
		"mailto:nadia@example.org": "nadia@example.org", "Olha K. <olha@example.org>": "olha@example.org", "ivan＠example.org.": "ivan@example.org",
	} {
		if got := s.post("/subscribe", foreign(typed), "Origin", siteOrigin); got.text("h1") != "One step left" || s.count(`SELECT count(*) FROM signup WHERE address = '`+want+`'`) != 1 {
			t.Errorf("%q: %d %q", typed, got.StatusCode, got.text("main"))
		}
	}
	hint := s.post("/subscribe", foreign("mailto:nadia@gmial.com"), "Origin", siteOrigin)
	s.clock.Advance(3 * time.Second)
	if got := s.post("/subscribe", fill(hint.doc, "main form"), "Origin", baseURL); got.text("h1") != "One step left" {
		t.Errorf("asked about twice: %q", got.text("main"))
	}
	data := s.fresh(s.subscribed("reader@example.org"), "reader@example.org")
	if got := s.ask(data, "mailto:reader@example.net"); got.StatusCode != http.StatusSeeOther || s.count(`SELECT count(*) FROM address_change WHERE address = 'reader@example.net'`) != 1 {
		t.Errorf("a new address: %d %q", got.StatusCode, got.text("main"))
	}
}

// The mails of a change of address say that the links of before lead to the settings
// and that the settings are theirs to change: they do, and show no more than a mask.
func TestLinksOfTheOldMailboxLeadToTheSettings(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	settings, leave := "/preferences/"+c.Preferences, s.leaveLink(c)
	s.ask(s.fresh(c, "nadia@example.org"), "new@example.net")
	s.pressOn(s.addressLink("address"))
	s.clock.Advance(365 * 24 * time.Hour)
	for _, link := range []string{settings, leave} {
		got := s.get(link)
		if got.StatusCode != http.StatusOK || !strings.Contains(got.text("main"), "ne••@example.net") || strings.Contains(got.body, "new@") || got.doc.Find("main form").Length() == 0 {
			t.Errorf("%s: %d %q", link, got.StatusCode, got.text("main"))
		}
	}
	for lang, words := range map[string][2]string{
		"en": {"Once it is confirmed, the links in the mails that you have here still lead to your settings.", "delete those mails there."},
		"uk": {"Після підтвердження посилання з листів, які вже тут, і далі вестимуть до ваших налаштувань.", "видаліть ті листи."},
	} {
		for i, mail := range []string{"old-address", "moved"} {
			if got := s.get("/dev/mail/" + mail + "/html?lang=" + lang).text("body"); !strings.Contains(got, words[i]) {
				t.Errorf("%s in %s: %q", mail, lang, got)
			}
		}
	}
}
