package mailer_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

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
	hour := regexp.MustCompile(`\b\d\d:\d\d\b(?: EET\b)?`)
	for name, c := range everyMail(t, newRenderer(t)) {
		if strings.HasPrefix(name, "alert") { // in words of the caller
			continue
		}
		_, text, _ := parts(t, c.Append(nil, reader))
		for _, m := range hour.FindAllString(strings.Join(strings.Fields(text), " "), -1) {
			if !strings.HasSuffix(m, "EET") {
				t.Errorf("%s: %q", name, m)
			}
		}
	}
}
