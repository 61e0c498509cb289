package mailer_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// In a list a heading stands above its titles, and larger ones outrank smaller; the
// text, which has one size, underlines it.
func TestHeadingsOutrankTheTitlesBelow(t *testing.T) {
	t.Parallel()
	size := regexp.MustCompile(`font:bold (\d+)px/`)
	all := corpus(t)
	for name, first := range map[string]string{"digest.en": "LAW\n===\n", "digest.uk": "ПРАВО\n=====\n", "welcome.en": "THE LATEST ARTICLES\n===================\n"} {
		doc, _ := page(t, all[name])
		px := func(s *goquery.Selection) int {
			m := size.FindStringSubmatch(s.AttrOr("style", ""))
			if m == nil {
				t.Fatalf("%s: %q has no size", name, s.Text())
			}
			n, _ := strconv.Atoi(m[1])
			return n
		}
		h1, h2, h3 := px(doc.Find("h1")), px(doc.Find("h2")), px(doc.Find("h3"))
		if h1 <= h2 || h2 <= h3 || !doc.Find("h2").HasClass("ink") {
			t.Errorf("%s: sizes of %d, %d and %d", name, h1, h2, h3)
		}
		_, text, _ := parts(t, all[name])
		if !strings.Contains(strings.ReplaceAll(text, "\r\n", "\n"), first) {
			t.Errorf("%s: no %q in\n%s", name, first, text)
		}
	}
}

// A title that is a link is underlined, where no button says it: by a line that is
// seen on paper and in the dark, as the words of .dim are.
func TestTitlesInAListLookLikeLinks(t *testing.T) {
	t.Parallel()
	all := corpus(t)
	for _, kind := range []string{"digest", "weekly", "welcome", "test-edition"} {
		for _, code := range []string{"en", "uk"} {
			doc, html := page(t, all[kind+"."+code])
			titles := doc.Find("h3 a")
			for _, a := range titles.EachIter() {
				if style := a.AttrOr("style", ""); !strings.Contains(style, "text-decoration:underline;text-decoration-color:#645c50") {
					t.Errorf("%s.%s: %q looks like no link: %s", kind, code, a.Text(), style)
				}
			}
			if titles.Length() == 0 || !titles.Closest("h3").HasClass("title") || !strings.Contains(html, ".title a { text-decoration-color: #b0a797 !important }") {
				t.Errorf("%s.%s: %d titles, or none for the dark", kind, code, titles.Length())
			}
		}
	}
}

// Whoever did not ask for the change learns how to stop it before anything that is
// meant for those who did and wait.
func TestTheOldMailboxIsWarnedFirst(t *testing.T) {
	t.Parallel()
	all := corpus(t)
	for name, words := range map[string][2]string{
		"old-address.en": {"If it was not you", "a few mails of this kind a day"}, "old-address.uk": {"Якщо це були не ви", "кілька таких листів на добу"},
	} {
		doc, _ := page(t, all[name])
		_, text, _ := parts(t, all[name])
		for _, mail := range []string{text, doc.Find("body").Text()} {
			mail = strings.Join(strings.Fields(mail), " ")
			if warned, limit := strings.Index(mail, words[0]), strings.Index(mail, words[1]); warned < 0 || warned > limit {
				t.Errorf("%s: warned at %d, the limit at %d: %s", name, warned, limit, mail)
			}
		}
	}
}
