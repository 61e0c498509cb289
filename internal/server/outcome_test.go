package server_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// told says whether a page begins to be read with what a press came to: in its title
// and, as a live region that is there from the start is not read out, by the focus.
func (a answer) told(selector, title string) bool {
	first := a.doc.Find("[autofocus]").First()
	return first.Is(selector) && first.Is(`[role=status][tabindex="-1"]`) && strings.HasPrefix(a.text("title"), title)
}

func TestWhatAPressCameToIsReadFirst(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	for lang, words := range map[string]struct{ saved, left, again, address string }{
		"en": {"Saved · Your settings", "One step left", "The mail is being sent again · One step left", "One step left · Your data"},
		"uk": {"Збережено · Ваші налаштування", "Залишився один крок", "Надсилаємо лист ще раз · Залишився один крок", "Залишився один крок · Ваші дані"},
	} {
		path := "/preferences/" + c.Preferences
		page := s.get(path + "?lang=" + lang)
		if page.doc.Find("[autofocus], [role=status]").Length() != 0 || strings.HasPrefix(page.text("title"), words.saved) {
			t.Errorf("%s: without a press: %q", lang, page.text("title"))
		}
		form := fill(page.doc, "#settings")
		form.Set("lang", lang)
		form.Set("hour", map[string]string{"en": "19", "uk": "20"}[lang])
		if got := s.press(path, form, "Origin", baseURL); !got.told(".notice", words.saved) {
			t.Errorf("%s: settings: %q", lang, got.text("title"))
		}
		for _, frame := range []string{"", "1"} {
			request := foreign("new-" + lang + frame + "@example.org")
			request.Set("lang", lang)
			request.Set("frame", frame)
			sent := s.post("/subscribe", request, "Origin", siteOrigin)
			if !sent.told(".lead", words.left) {
				t.Errorf("%s, frame %q: %q", lang, frame, sent.text("title"))
			}
			s.clock.Advance(61 * time.Second)
			if got := s.post("/subscribe/again", fill(sent.doc, "form[action='/subscribe/again']"), "Origin", baseURL); !got.told(".notice", words.again) {
				t.Errorf("%s, frame %q, again: %q", lang, frame, got.text("title"))
			}
			code := fill(sent.doc, "form[action='/subscribe/code']")
			code.Set("code", "1")
			if got := s.post("/subscribe/code", code, "Origin", baseURL); !got.errs() || !got.doc.Find("[autofocus]").First().Is("#code") {
				t.Errorf("%s, frame %q, a wrong code: %q", lang, frame, got.text("title"))
			}
		}
		data := s.fresh(c, "nadia@example.org")
		asked := s.get(strings.Replace(s.ask(data, lang+"@example.net").Header.Get("Location"), "lang=en", "lang="+lang, 1))
		if !asked.told(".notice", words.address) || s.get(data).doc.Find("[autofocus]").Length() != 0 {
			t.Errorf("%s: another address: %q", lang, asked.text("title"))
		}
	}
}

// A canned page is called as the live one: by what is to be mended, or was told.
func TestCannedPagesAreCalledAsLiveOnes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, href := range s.get("/dev/").doc.Find("main a").EachIter() {
		path := href.AttrOr("href", "")
		if strings.HasPrefix(path, "/dev/mail/") {
			continue
		}
		got := s.get(path)
		if wrong := got.doc.Find("main .error").Length() > 0; wrong != got.errs() {
			t.Errorf("%s: %q", path, got.text("title"))
		}
		if notice := got.doc.Find(".notice[autofocus]"); notice.Length() > 0 {
			opening, rest, _ := strings.Cut(got.text("title"), " · ")
			if !strings.HasPrefix(rest, got.text("h1")) || utf8.RuneCountInString(opening) > 50 {
				t.Errorf("%s: %q", path, got.text("title"))
			}
		}
	}
}
