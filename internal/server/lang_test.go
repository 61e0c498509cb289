package server_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"vistka/internal/subscriber"
	"vistka/internal/token"
)

// What the newsletter wrote is marked with its language where the page has
// another, and not where it has the same (WCAG 3.1.2).
func TestWordsOfTheNewsletterHaveTheirLanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.exec(`UPDATE newsletter SET description = 'Who tells us the news.', postal_address = 'PO Box 12, Kyiv'`)
	c := s.subscribed("nadia@example.org")
	for i := range 2 {
		s.release(i+1, day, []string{"Research", "Law"}[i])
	}
	s.mailed(1)
	change := subscriber.Change{Cadence: "weekly", Locale: "en", Zone: "UTC", Hour: 8}
	if _, err := s.subs.SavePreferences(t.Context(), c.Preferences, change, subscriber.Evidence{Wording: "Save", Locale: "en"}); err != nil {
		t.Fatal(err)
	}
	data, settings, leave := s.fresh(c, "nadia@example.org"), "/preferences/"+c.Preferences, s.leaveLink(c)
	for _, page := range []struct {
		path string
		at   []string // what is the newsletter's
		want string   // words of one of them
	}{
		{"/n/watch", []string{".wordmark", "h1 span", "main .lead", ".consent span", ".colophon p:first-child"}, "Media Watch"},
		{"/embed/watch", []string{"h1 span", "main .lead", ".consent span"}, "Media Watch"},
		{"/archive/watch", []string{".wordmark", "h1 span", "main > .lead", "article h2", "article h2 + p"}, "Media Watch"},
		{settings, []string{".columns .choice bdi", "main > p span"}, "Research"},
		{leave, []string{"h1 span"}, "Media Watch"},
		{s.confirmLink("olha@example.org"), []string{".lead span"}, "Media Watch"},
		{data, []string{".wordmark"}, "Media Watch"},
		{data + "/consent", []string{".list strong span", ".list blockquote"}, "Media Watch"},
	} {
		join := "?"
		if strings.Contains(page.path, "?") {
			join = "&"
		}
		en, uk := s.get(page.path+join+url.Values{"lang": {"en"}}.Encode()), s.get(page.path+join+url.Values{"lang": {"uk"}}.Encode())
		for _, at := range page.at {
			marked := uk.doc.Find(at).FilterFunction(func(_ int, e *goquery.Selection) bool { return e.AttrOr("lang", "") == "en" })
			if marked.Length() == 0 || marked.Length() != uk.doc.Find(at).Length() || strings.TrimSpace(marked.Text()) == "" {
				t.Errorf("%s: %d of %d %s are marked", page.path, marked.Length(), uk.doc.Find(at).Length(), at)
			}
		}
		if !slices.ContainsFunc(page.at, func(at string) bool { return strings.Contains(uk.text(at), page.want) }) {
			t.Errorf("%s: %q is not among what is marked", page.path, page.want)
		}
		if n := en.doc.Find("body :not(nav *, option)[lang=en]").Length(); n != 0 {
			t.Errorf("%s: %d marks of the page's own language", page.path, n)
		}
	}
}

// Of a reader who was erased nothing tells the language; the newsletter still has one.
func TestLinksOfWhoWasErasedSpeakTheNewslettersLanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.exec(`UPDATE newsletter SET language = 'uk-UA'`)
	c := s.subscribed("nadia@example.org")
	links := []string{
		"/preferences/" + c.Preferences, s.leaveLink(c), s.fresh(c, "nadia@example.org"), s.fresh(c, "nadia@example.org") + "?erased=1",
		"/keep-address/" + subscriber.KeepAddressToken(s.keys, s.n.ID, 7), "/address/" + subscriber.NewAddressToken(s.keys, s.n.ID, 7),
		"/not-my-address/" + s.keys.Sign(token.NotMyAddress, subscriber.NotMyAddressPayload(s.n.ID, 7, s.subs.Hasher.Sum("nadia@example.org"))),
	}
	s.exec(`DELETE FROM subscriber`)
	for _, link := range links {
		for _, accepts := range []string{"", "en"} {
			if got := s.get(link, "Accept-Language", accepts); got.doc.Find("html").AttrOr("lang", "") != "uk" {
				t.Errorf("%s, to whom accepts %q: %q", link, accepts, got.text("h1"))
			}
		}
		if got := s.get(link + map[bool]string{true: "&", false: "?"}[strings.Contains(link, "?")] + "lang=en"); got.doc.Find("html").AttrOr("lang", "") != "en" {
			t.Errorf("%s asked for in English: %q", link, got.text("h1"))
		}
	}
}
