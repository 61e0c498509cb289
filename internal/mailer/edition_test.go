package mailer_test

import (
	"bytes"
	"fmt"
	"mime"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"vistka/internal/mailer"
)

// Feeds repeat the beginning of an article as its summary; readers want it once.
func TestAnOpeningStandsOnceInTheMail(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	for name, c := range map[string]struct{ summary, content, once string }{
		"short":         {"Short text of 1.", "Short text of 1.", "Short text of 1."},
		"paragraphs":    {"Коротко. Другий абзац про те, хто платить.", "<p>Коротко.</p><p>Другий абзац про те, хто платить.</p>", "Другий абзац"},
		"cut":           {"One paragraph, and the next is…", "<p>One paragraph, and</p>\n<p>the next is cut short.</p>", "One paragraph"},
		"with a link":   {"We asked editors at twelve places about it.", `<p>We asked editors at <a href="https://www.example.com/m">twelve places</a> about it.</p>`, "We asked"},
		"other summary": {"What the law changes.", "<p>Parliament met on Monday.</p>", "What the law changes."},
	} {
		e := editionOf("uk", mailer.Instant, 1)
		e.Articles[0].Summary, e.Articles[0].ContentHTML = c.summary, c.content
		_, text, html := parts(t, compiled(t, r, e))
		if n := strings.Count(text, c.once); n != 1 {
			t.Errorf("%s: %d times in the text", name, n)
		}
		if n := strings.Count(html[strings.Index(html, "<table"):], c.once); n != 1 {
			t.Errorf("%s: %d times in the HTML", name, n)
		}
		if !strings.Contains(html[:strings.Index(html, "<table")], strings.Fields(c.summary)[0]) {
			t.Errorf("%s: the preheader does not say how it begins", name)
		}
	}
}

// Feeds without a summary of their own give the title once more.
func TestATitleIsNotItsOwnSummary(t *testing.T) {
	t.Parallel()
	e := editionOf("uk", mailer.Daily, 2)
	for i := range e.Articles {
		e.Articles[i].Summary, e.Articles[i].ContentHTML = "<p>"+e.Articles[i].Title+".</p>", ""
	}
	_, text, html := parts(t, compiled(t, newRenderer(t), e))
	for _, a := range e.Articles {
		if n := strings.Count(text, a.Title); n != 1 {
			t.Errorf("%q %d times in the text", a.Title, n)
		}
		if n := strings.Count(html[strings.Index(html, "<table"):], a.Title); n != 1 {
			t.Errorf("%q %d times in the HTML", a.Title, n)
		}
	}
}

// A clause after "вам" needs its comma.
func TestCadenceInUkrainian(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	ok := must[mailer.Compiled](t)
	for want, c := range map[string]mailer.Compiled{
		"Ми писатимемо вам, щойно вийде нова": ok(r.CompileWelcome(mailer.WelcomeContent{Newsletter: newsletterIn("uk"), Locale: "uk", Date: sentAt, Cadence: mailer.Instant})),
		"Ми пишемо вам, щойно вийде нова":     ok(r.CompileSettings(mailer.SettingsContent{Newsletter: newsletterIn("uk"), Locale: "uk", Date: sentAt, Cadence: mailer.Instant, AskedAt: sentAt})),
		"Ми пишемо вам раз на день.":          ok(r.CompileSettings(mailer.SettingsContent{Newsletter: newsletterIn("uk"), Locale: "uk", Date: sentAt, Cadence: mailer.Daily, AskedAt: sentAt})),
	} {
		if _, text, _ := parts(t, c.Append(nil, reader)); !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
}

func TestALongTitleIsShortenedInTheSubject(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	e := editionOf("uk", mailer.Instant, 1)
	e.Articles[0].Title = strings.Repeat("Довга назва ", 30)
	header, _, html := parts(t, compiled(t, r, e))
	_, value, _ := strings.Cut(header, "Subject: ")
	if lines := 1 + strings.Count(strings.SplitAfter(value, "?=\r\n")[0], "\r\n "); lines > 10 {
		t.Errorf("%d lines of subject", lines)
	}
	if n := strings.Count(html, "Довга назва Довга"); n == 0 {
		t.Error("the mail lost its title")
	}
}

func TestTheDayOfAnArticleStandsOnce(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	for published, want := range map[time.Time]string{sentAt.Add(-time.Hour): "23 November 2026", sentAt.AddDate(0, 0, -2): "21 November 2026"} {
		e := editionOf("en", mailer.Instant, 1)
		e.Articles[0].PublishedAt = published
		_, text, html := parts(t, compiled(t, r, e))
		if strings.Count(text, want) != 1 || strings.Count(html, want) != 1 {
			t.Errorf("%s: %d times in the text, %d in the HTML", want, strings.Count(text, want), strings.Count(html, want))
		}
	}
}

func TestEveryHourNamesItsZone(t *testing.T) {
	t.Parallel()
	hour := regexp.MustCompile(`\b\d\d:\d\d\b(?: Kyiv time| за київським часом)?`)
	for name, c := range everyMail(t, newRenderer(t)) {
		if strings.HasPrefix(name, "alert") { // in words of the caller
			continue
		}
		_, text, _ := parts(t, c.Append(nil, reader))
		for _, m := range hour.FindAllString(strings.Join(strings.Fields(text), " "), -1) {
			if len(m) == len("09:05") {
				t.Errorf("%s: %q", name, m)
			}
		}
	}
}

func headings(t *testing.T, r *mailer.Renderer, e mailer.EditionContent) (out []string) {
	t.Helper()
	doc, _ := page(t, compiled(t, r, e))
	doc.Find("h2").Each(func(_ int, h *goquery.Selection) {
		if h.Find("bdi").Length() > 0 {
			out = append(out, fmt.Sprintf("%s %d", h.Text(), h.Parent().Find("h3").Length()))
		}
	})
	return out
}

// A long digest is set by topic, the topic of the newest article first, and
// every article stands in it once.
func TestLongDigestIsSetByTopic(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	e := editionOf("en", mailer.Daily, 1)
	for i, topics := range [][]string{{"Law"}, {"Sport", "law"}, {"Health"}, {"Sport"}, nil, {"Health", "Sport"}, {"Sport"}, {"Once"}} {
		e.Articles = append(e.Articles, mailer.Article{Title: fmt.Sprintf("Piece %d", i), URL: fmt.Sprintf("https://www.example.com/%d", i), Topics: topics})
	}
	if diff := cmp.Diff([]string{"Sport 4", "Also published 4"}, headings(t, r, e)); diff != "" {
		t.Errorf("a topic of one article only, since the other went elsewhere, has no heading:\n%s", diff)
	}
	e.Articles = append(e.Articles, mailer.Article{Title: "Piece 8", URL: "https://www.example.com/8", Topics: []string{"LAW"}})
	if diff := cmp.Diff([]string{"Law 2", "Sport 4", "Also published 3"}, headings(t, r, e)); diff != "" {
		t.Errorf("%s", diff)
	}
	_, text, html := parts(t, compiled(t, r, e))
	for i := range 9 {
		if n := strings.Count(html, fmt.Sprintf(">Piece %d<", i)); n != 1 {
			t.Errorf("piece %d stands %d times in the HTML", i, n)
		}
		if n := strings.Count(text, fmt.Sprintf("Piece %d\n", i)); n != 1 {
			t.Errorf("piece %d stands %d times in the text", i, n)
		}
	}
	e.Articles = e.Articles[:5]
	if diff := cmp.Diff([]string{"Also published 4"}, headings(t, r, e)); diff != "" {
		t.Errorf("a short digest is one list:\n%s", diff)
	}
}

// Whatever the articles are, Gmail does not cut the mail off, and it counts what it leaves out.
func TestDigestOfLongArticlesFits(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	for _, length := range []int{10, 300, 3000} {
		e := editionOf("uk", mailer.Weekly, 1)
		for i := range 19 {
			e.Articles = append(e.Articles, mailer.Article{
				Title: strings.Repeat("Слово ", length/6), URL: fmt.Sprintf("https://www.example.com/%d", i), Summary: strings.Repeat("Довге речення. ", length),
				Topics: []string{fmt.Sprintf("Тема %d", i%3)},
			})
		}
		e.More = 11
		raw := compiled(t, r, e)
		coded := raw[bytes.LastIndex(raw, []byte("quoted-printable")):]
		doc, _ := page(t, raw)
		more := 31 - 1 - doc.Find("h3").Length()
		if len(coded) > 90_000 || !strings.Contains(doc.Text(), fmt.Sprintf("Ще %d стат", more)) {
			t.Errorf("length %d: %d octets, %d more", length, len(coded), more)
		}
	}
}

func TestCorrectionSaysWhatWasWrong(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	for code, want := range map[string]string{"en": "Correction: How one", "uk": "Виправлення: Як один"} {
		e := editionOf(code, mailer.Correction, 1)
		e.Note = noteIn(code)
		head, text, html := parts(t, compiled(t, r, e))
		subject, err := new(mime.WordDecoder).DecodeHeader(strings.Join(strings.Fields(head[strings.Index(head, "Subject: ")+9:]), " "))
		if err != nil || !strings.HasPrefix(subject, want) {
			t.Errorf("%s: subject %q, %v", code, subject, err)
		}
		note := strings.Fields(noteIn(code))[0]
		for part, body := range map[string]string{"text": text, "HTML": html[strings.Index(html, "<table"):]} {
			if at, title := strings.Index(body, note), strings.Index(body, e.Articles[0].Title[:20]); at < 0 || at > title {
				t.Errorf("%s: the note stands at %d of the %s, the article at %d", code, at, part, title)
			}
		}
	}
}
