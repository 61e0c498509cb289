package mailer_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"

	"vistka/internal/mailer"
)

func page(t *testing.T, raw []byte) (*goquery.Document, string) {
	t.Helper()
	_, _, html := parts(t, raw)
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(html))
	if err != nil {
		t.Fatal(err)
	}
	return doc, html
}

// What mail clients take and people need: I3 to I5, I7, I9.
func TestEveryMailForReadersAndClients(t *testing.T) {
	t.Parallel()
	modern := regexp.MustCompile(`(?i)(display:\s*(flex|grid)|position:|var\(|background-image|@font-face|@import|url\(|javascript:|data:)`)
	for name, raw := range corpus(t) {
		doc, html := page(t, raw)
		code := doc.Find("html").AttrOr("lang", "")
		if code == "" || doc.Find("body > div[lang="+code+"]").Length() != 1 || doc.Find("html").AttrOr("dir", "") != "ltr" {
			t.Errorf("%s: language %q", name, code)
		}
		if strings.HasSuffix(name, ".uk") && code != "uk" {
			t.Errorf("%s: language %q", name, code)
		}
		if style := doc.Find("style").Text(); len(style) > 16<<10 {
			t.Errorf("%s: %d octets of style", name, len(style))
		}
		if m := modern.FindString(strings.ReplaceAll(html, "hostile", "")); m != "" {
			t.Errorf("%s: has %q", name, m)
		}
		doc.Find("table").Each(func(_ int, s *goquery.Selection) {
			if s.AttrOr("role", "") != "presentation" {
				t.Errorf("%s: a table that is no layout", name)
			}
		})
		doc.Find("img").Each(func(_ int, s *goquery.Selection) {
			for _, need := range []string{"alt", "width", "height"} {
				if value, has := s.Attr(need); !has || value == "" && need != "alt" {
					t.Errorf("%s: image without %s", name, need)
				}
			}
			if s.Closest("a").Length() > 0 && s.AttrOr("alt", "") == "" {
				t.Errorf("%s: a link of a picture has no name", name)
			}
		})
		doc.Find("a").Each(func(_ int, s *goquery.Selection) {
			href, text := s.AttrOr("href", ""), strings.TrimSpace(s.Text())
			if !strings.HasPrefix(href, "https://") || text == "" {
				t.Errorf("%s: link %q to %q", name, text, href)
			}
			if strings.HasPrefix(text, "https://") && text != href && !strings.HasPrefix(name, "hostile") {
				t.Errorf("%s: %q leads to %q", name, text, href)
			}
		})
		if n := utf8.RuneCountInString(strings.TrimSpace(doc.Find("body > div[aria-hidden]").Text())); !strings.HasPrefix(name, "hostile") && (n < 30 || n > 110) {
			t.Errorf("%s: preheader of %d characters", name, n)
		}
		// Outlook's conditional comments, which html/template takes out.
		if strings.Count(html, "<!--[if mso]>") < 3 || strings.Count(html, "<!--[if") != strings.Count(html, "<![endif]") {
			t.Errorf("%s: conditional comments are gone or open", name)
		}
	}
}

func TestConfirmationSaysWhatItMust(t *testing.T) {
	t.Parallel()
	mails := everyMail(t, newRenderer(t))
	for code, want := range map[string][]string{
		"en": {"example.com", "23 November 2026, 07:59 Kyiv time", "26 November 2026, 08:00 Kyiv time", "Confirm subscription", "This wasn’t me"},
		"uk": {"example.com", "23 листопада 2026", "07:59 за київським часом", "Підтвердити підписку", "Це не я"},
	} {
		c := mails["confirmation."+code]
		head, text, html := parts(t, c.Append(nil, reader))
		for _, w := range append(want, "401926", "https://news.example.com/confirm/AAAAAAAAAAcAAAABq83vASNFZ4mrze8BI0VniQ", "https://news.example.com/not-me/") {
			if !strings.Contains(strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(w), " ")) || !strings.Contains(html, w) && !strings.Contains(w, " ") {
				t.Errorf("%s: no %q", code, w)
			}
		}
		if strings.Contains(text+html, "buy=now") || strings.Contains(text+html, "one-photo") {
			t.Errorf("%s: shows what a visitor can write", code)
		}
		if strings.Contains(head, "List-") || strings.Contains(head, "Precedence") {
			t.Errorf("%s: a confirmation is no mail of the list:\n%s", code, head)
		}
		doc, _ := page(t, c.Append(nil, reader))
		if doc.Find("a[href^='https://news.example.com/confirm/']").Length() != 2 {
			t.Errorf("%s: button and plain address", code)
		}
	}
}

func TestArticlesInAnotherLanguageAreMarked(t *testing.T) {
	t.Parallel()
	e := editionOf("uk", mailer.Weekly, 3)
	e.Locale = "en"
	doc, _ := page(t, compiled(t, newRenderer(t), e))
	if doc.Find("html").AttrOr("lang", "") != "en" || doc.Find("td[lang=uk]").Length() != 4 {
		t.Errorf("%d passages are marked as Ukrainian", doc.Find("td[lang=uk]").Length())
	}
}

func TestImagesThatMailCannotShow(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	for _, c := range []struct {
		url     string
		plain   int
		outlook bool
	}{
		{"https://www.example.com/a.jpg", 1, true},
		{"https://www.example.com/a.webp?w=1", 1, false},
		{"https://www.example.com/a.svg", 0, false},
		{"data:image/png;base64,AAAA", 0, false},
		{"//www.example.com/a.png", 0, false},
		{"javascript:alert(1)", 0, false},
		{"", 0, false},
		{"https://www.example.com/" + strings.Repeat("a", 2000), 0, false},
	} {
		e := editionOf("en", mailer.Instant, 1)
		e.Articles[0].ImageURL, e.Articles[0].ImageAlt, e.Articles[0].ImageWidth = c.url, "", 0
		doc, html := page(t, compiled(t, r, e))
		img := doc.Find("img")
		if img.Length() != c.plain || strings.Contains(html, "<!--[if mso]><img") != c.outlook {
			t.Errorf("%.40s: %d images, Outlook %v", c.url, img.Length(), strings.Contains(html, "<!--[if mso]><img"))
		}
		if alt, has := img.Attr("alt"); c.plain == 1 && (img.AttrOr("width", "") != "536" || !has || alt != "") {
			t.Errorf("%s: width %q, alt %q", c.url, img.AttrOr("width", ""), alt)
		}
	}
}

func TestAPictureDoesNotRepeatTheTitle(t *testing.T) {
	t.Parallel()
	e := editionOf("en", mailer.Instant, 1)
	for alt, want := range map[string]string{"A harbour": "A harbour", e.Articles[0].Title + ".": ""} {
		e.Articles[0].ImageAlt = alt
		doc, _ := page(t, compiled(t, newRenderer(t), e))
		if got, has := doc.Find("img").Attr("alt"); !has || got != want {
			t.Errorf("%q becomes %q", alt, got)
		}
	}
}

func TestPluralsOfWhatIsNotShown(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	for n, want := range map[int]string{1: "Ще 1 стаття", 2: "Ще 2 статті", 5: "Ще 5 статей", 11: "Ще 11 статей", 21: "Ще 21 стаття", 24: "Ще 24 статті", 111: "Ще 111 статей"} {
		e := editionOf("uk", mailer.Weekly, 2)
		e.More = n
		if _, text, _ := parts(t, compiled(t, r, e)); !strings.Contains(text, want+"\u00a0— на сайті") {
			t.Errorf("%d: no %q in\n%s", n, want, text)
		}
	}
}
