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
