package server_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"vistka/internal/locale/localetest"
	"vistka/internal/subscriber"
)

// A pasted form names the version of the words beside its button: the proof holds
// them while they are still the newsletter's, and only from a listed site.
func TestWordsOfAPastedForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	catalog := localetest.Catalog(t)
	words := subscriber.FormWording(catalog.For("en"), s.n)
	post := func(email, version string, headers ...string) {
		form := foreign(email)
		form.Set("wording", version)
		s.post("/subscribe", form, headers...)
	}
	post("a@example.org", subscriber.WordingVersion(words), "Origin", siteOrigin)
	post("b@example.org", "00000000", "Origin", siteOrigin)
	post("c@example.org", subscriber.WordingVersion(words))
	for address, want := range map[string]string{"a": words, "b": subscriber.ForeignWording, "c": subscriber.ForeignWording} {
		var got string
		if err := s.pool.QueryRow(t.Context(), "SELECT wording FROM signup WHERE address = $1", address+"@example.org").Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", address, got, err, want)
		}
	}
}

// Who confirms has read another page than who asked: the proof holds the words of
// that one, in the language it was shown in, whosever form the sign-up came by.
func TestWordsOfTheConfirmation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	catalog := localetest.Catalog(t)
	uk := catalog.For("uk")
	ask := func(email string) (sent answer, link string) {
		sent = s.post("/subscribe", foreign(email), "Origin", siteOrigin)
		s.answerMails()
		return sent, "/confirm/" + subscriber.ConfirmToken(s.keys, int64(s.count("SELECT max(id) FROM signup")), 1)
	}

	_, link := ask("link@example.org")
	behind := s.get(link + "?lang=uk")
	form := fill(behind.doc, "form.act")
	s.clock.Advance(3 * time.Second)
	s.press(link, form, "Origin", baseURL)

	_, link = ask("digits@example.org")
	again := s.post(link, url.Values{"lang": {"uk"}}, "Origin", baseURL)
	form.Set("code", s.code(2))
	s.press(link, form, "Origin", baseURL)

	sent, _ := ask("code@example.org")
	form = fill(sent.doc, "form[action='/subscribe/code']")
	form.Set("code", s.code(3))
	s.press("/subscribe/code", form, "Origin", baseURL)

	// Each button has a name of its own, and each act's words name what is agreed to, and not whose address it is.
	agree := "Натискаючи «Підтвердити», ви погоджуєтеся отримувати розсилку «Media Watch» на цю адресу."
	button := uk.T("confirm.title") + "\nОдне натискання, і розсилка «Media Watch» надходитиме на адресу [ваша адреса].\n" + agree + "\nПідтвердити"
	consent := map[string]string{
		"en": "By pressing Confirm with the code, you agree to get Media Watch at this address.",
		"uk": "Натискаючи «Підтвердити кодом», ви погоджуєтеся отримувати розсилку «Media Watch» на цю адресу.",
	}
	code := func(lang string) string {
		return catalog.For(lang).T("sent.code_label") + "\n" + consent[lang] + "\n" + catalog.For(lang).T("sent.code_button")
	}
	if got := sent.text("form[action='/subscribe/code']"); !strings.Contains(got, consent["en"]) {
		t.Errorf("the page after a sign-up: %q", got)
	}
	for name, p := range map[string]answer{"as it opens": behind, "asked again": again} {
		if got := p.text("form:not(:has(#code)):has([name=shown])"); !strings.Contains(got, agree) || !strings.HasSuffix(strings.TrimSpace(got), "Підтвердити") {
			t.Errorf("the page behind the link, %s: %q", name, got)
		}
	}
	if got := again.text("form:has(#code)"); !strings.Contains(got, consent["uk"]) || !strings.HasSuffix(strings.TrimSpace(got), "Підтвердити кодом") {
		t.Errorf("the digits behind the link: %q", got)
	}
	if got := s.json("script@example.org"); !strings.Contains(got.body, consent["en"]) {
		t.Errorf("for scripts: %s", got.body)
	}
	for address, want := range map[string][2]string{"link": {button, "uk"}, "digits": {code("uk"), "uk"}, "code": {code("en"), "en"}} {
		var asked, words, lang string
		err := s.pool.QueryRow(t.Context(), `
			SELECT q.wording, c.wording, c.locale
			FROM consent_event q
			JOIN consent_event c ON c.address_hash = q.address_hash AND c.kind = 'confirmed'
			WHERE q.kind = 'requested' AND q.address_hash = $1`, s.subs.Hasher.Sum(address+"@example.org")).Scan(&asked, &words, &lang)
		if err != nil || asked != subscriber.ForeignWording || words != want[0] || lang != want[1] {
			t.Errorf("%s: %v, asked %q, confirmed %q in %q", address, err, asked, words, lang)
		}
	}
}
