package server_test

import (
	"net/url"
	"testing"
	"time"
)

// The page that a press leads to tells of it and has the focus on its words. The same
// page asked for again, by an old link of a mail, shows how things are and no more.
func TestOnlyAPressIsTold(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	notMe := s.get(s.confirmLink("olha@example.org")).doc.Find("a[href^='/not-me/']").AttrOr("href", "")
	pressed := map[string]answer{notMe: s.pressOn(notMe)}
	press := func(name, email string) {
		s.ask(s.fresh(s.subscribed(email), email), "new-"+email)
		link := s.addressLink(name)
		pressed[link] = s.pressOn(link)
	}
	press("address", "nadia@example.org")
	press("keep-address", "ivan@example.org")
	form := fill(s.get("/hotline/callback?lang=en").doc, "main form")
	form.Set("phone", "+380 44 123 45 67")
	s.clock.Advance(3 * time.Second)
	to, err := url.Parse(s.post("/hotline/callback", form, "Origin", baseURL).Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	pressed[to.Path] = s.get(to.String())
	const told = ".lead[role=status][autofocus]"
	for path, got := range pressed {
		if got.doc.Find(told).Length() != 1 {
			t.Errorf("%s: the press is not told: %q", path, got.text("main"))
		}
		again := s.get(path)
		if again.text("h1") != got.text("h1") || again.doc.Find("[role=status], [autofocus]").Length() != 0 {
			t.Errorf("%s opened again: %q", path, again.text("main"))
		}
	}
}
