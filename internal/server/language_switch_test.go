package server_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// inUkrainian presses the language switch of a page that answers a press.
func (s *site) inUkrainian(a answer) answer {
	s.t.Helper()
	form := a.doc.Find("header nav form:has(button[lang=uk])")
	if form.Length() != 1 {
		s.t.Fatalf("no switch to press: %s", a.text("header"))
	}
	fields := url.Values{}
	for _, in := range form.Find("input").EachIter() {
		fields.Add(in.AttrOr("name", ""), in.AttrOr("value", ""))
	}
	return s.post(form.AttrOr("action", ""), fields, "Origin", baseURL)
}

// What stands in the fields of a page's own forms, but for what is new on each page.
func typedOn(a answer) url.Values {
	form := fill(a.doc, "main form")
	for _, name := range []string{"lang", "form", "shown"} {
		form.Del(name)
	}
	if text := a.doc.Find("main textarea"); text.Length() > 0 {
		form.Set("text", text.Text())
	}
	return form
}

// A page that answers a press stays what it is in another language, with all that
// was typed; and to read it so does nothing a second time.
func TestAnswersInAnotherLanguage(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	c := s.subscribed("nadia@example.org")
	data, settings := s.fresh(c, "nadia@example.org"), "/preferences/"+c.Preferences
	s.release(1, day, "Research")
	s.release(2, day, "Law")
	with := func(form url.Values, pairs ...string) url.Values {
		form = maps.Clone(form)
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return form
	}
	own := fill(s.get("/n/watch?lang=en&article="+url.QueryEscape(article)).doc, "main form")
	address := fill(s.get(data).doc, "form[action$='/address']")
	hotlineForm := with(fill(s.get("/hotline/complaint?lang=en").doc, "main form"), "subject", "Фото")
	confirm := s.confirmLink("third@example.org")
	code := with(fill(s.get(confirm).doc, "form.act"), "code", "000000")
	s.clock.Advance(3 * time.Second)
	subscribe := func(email string) answer { return s.post("/subscribe", with(own, "email", email), "Origin", baseURL) }
	sent := subscribe("olha@example.org")
	s.clock.Advance(61 * time.Second)
	again := s.post("/subscribe/again", fill(sent.doc, "form[action='/subscribe/again']"), "Origin", baseURL)
	for name, c := range map[string]struct {
		got  answer
		at   string // what says how it came to this page
		want string
	}{
		"sent":             {sent, "h1", "Залишився один крок"},
		"send again":       {again, ".notice.good", "Надсилаємо лист ще раз"},
		"too often":        {s.post("/subscribe/again", fill(again.doc, "form[action='/subscribe/again']"), "Origin", baseURL), ".notice", "Поки що досить"},
		"wrong code":       {s.post("/subscribe/code", with(fill(sent.doc, "form[action='/subscribe/code']"), "code", "000000"), "Origin", baseURL), "#code-error", "У листі інші цифри"},
		"wrong address":    {subscribe("nadia@"), "#email-error", "Вкажіть адресу у форматі"},
		"a slip":           {subscribe("nadia@gmial.com"), "#email-typo", "Можливо, nadia@gmail.com?"},
		"settings":         {s.post(settings, with(fill(s.get(settings+"?lang=en").doc, "#settings"), "cadence", "monthly", "pause", "date", "until", "2020-01-01"), "Origin", baseURL), "#until-wrong", "Виберіть день"},
		"other address":    {s.post(data+"/address", with(address, "email", "nadia@example.org"), "Origin", baseURL), "#email-wrong", "Листи й так надходять"},
		"complaint":        {s.post("/hotline/complaint", with(hotlineForm, "text", ""), "Origin", baseURL), "#text-error", "Розкажіть, що сталося"},
		"its second press": {s.post("/hotline/complaint", with(hotlineForm, "text", "Рядок.\nЩе один.", "website", "x"), "Origin", baseURL), "[role=alert]", "Ще одне натискання"},
		"confirming":       {s.post(confirm, code, "Origin", baseURL), "#code-error", "У листі інші цифри"},
		"no newsletter":    {s.post("/subscribe", with(own, "newsletter", "none"), "Origin", baseURL), "h1", "Такої розсилки немає"},
	} {
		did := func() int {
			return s.asked() + s.requests() + s.count(`SELECT sum(code_tries)::int FROM signup`) + s.count(`SELECT count(*) FROM signup`) +
				s.count(`SELECT coalesce(sum(count), 0)::int FROM request_limit`) + s.count(`SELECT count(*) FROM consent_event`) + s.count(`SELECT count(*) FROM address_change`)
		}
		before := did()
		there := s.inUkrainian(c.got)
		if there.doc.Find("html").AttrOr("lang", "") != "uk" || there.StatusCode != c.got.StatusCode || !strings.Contains(there.text(c.at), c.want) {
			t.Errorf("%s: %d, then %d %q", name, c.got.StatusCode, there.StatusCode, there.text("main"))
		}
		for field, want := range typedOn(c.got) {
			if got := typedOn(there)[field]; strings.Join(got, "|") != strings.Join(want, "|") {
				t.Errorf("%s: %s was %q and is %q", name, field, want, got)
			}
		}
		if n := did(); n != before {
			t.Errorf("%s: something was done: %d, %d before", name, n, before)
		}
		if back := s.inEnglish(there); back.text("h1") != c.got.text("h1") {
			t.Errorf("%s: back in English %q", name, back.text("h1"))
		}
	}
}

// inEnglish is inUkrainian, the other way.
func (s *site) inEnglish(a answer) answer {
	s.t.Helper()
	a.doc.Find("header nav button").SetAttr("lang", "uk")
	return s.inUkrainian(a)
}

// Who has left is told by a page with an address that a link is on its way.
func TestLinkOfWhoHasLeftInAnotherLanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	s.do(oneClick(s.leaveLink(c), "application/x-www-form-urlencoded", urlencoded))
	left := s.get(s.leaveLink(c))
	form := fill(left.doc, "section form")
	form.Set("act", "link")
	got := s.press(left.doc.Find("section form").AttrOr("action", ""), form, "Origin", baseURL)
	there := s.get(got.doc.Find("header nav a[lang=uk]").AttrOr("href", ""))
	if got.StatusCode != http.StatusOK || !strings.Contains(there.text("[role=status]"), "Ми надіслали посилання на адресу na••@example.org") {
		t.Errorf("%q, then %q", got.text("main"), there.text("main"))
	}
}
