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
