package server_test

import (
	"regexp"
	"strings"
	"testing"
)

// What a newsroom would have written has the language of the page, so that a page is
// looked at as its readers see it.
func TestDevPagesHaveOneLanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	foreign := map[string]*regexp.Regexp{
		"en": regexp.MustCompile(`[а-яіїєґА-ЯІЇЄҐ]+`),
		"uk": regexp.MustCompile(`\b(?:[Tt]he|of|and|[Ww]ho|[Ww]hat|[Ww]e|[Oo]ur|for|Media|Research|Law|Radio)\b`),
	}
	own := regexp.MustCompile(`https?://\S+`)
	for _, href := range s.get("/dev/").doc.Find("main a").EachIter() {
		path := href.AttrOr("href", "")
		lang := path[len(path)-2:]
		for _, path := range []string{path, strings.Replace(path, "?", "/html?", 1)} {
			if strings.HasSuffix(path, "/html?lang="+lang) && !strings.HasPrefix(path, "/dev/mail/") {
				continue
			}
			doc := s.get(path).doc
			doc.Find("script, style, nav, code, option").Remove()
			text := own.ReplaceAllString(doc.Find("title, body").Text(), "")
			if found := foreign[lang].FindString(text); found != "" {
				t.Errorf("%s: %q", path, found)
			}
		}
	}
}

// The article that the mails and pages show has an end: its list is not torn.
func TestDevArticleEnds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, lang := range []string{"en", "uk"} {
		cells := s.get("/dev/mail/instant/html?lang=" + lang).doc.Find("td[dir=auto]")
		if last := strings.TrimSpace(cells.Last().Text()); cells.Length() < 3 || !strings.HasSuffix(last, ".") && !strings.HasSuffix(last, "…") {
			t.Errorf("%s: the list of %d ends with %q", lang, cells.Length(), last)
		}
	}
}
