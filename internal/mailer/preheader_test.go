package mailer_test

import (
	"testing"

	"vistka/internal/mailer"
)

// What an inbox shows beside the subject, and what others show of the page, is a whole
// sentence where there is one.
func TestAPreheaderEndsBehindASentence(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	const first = "We read a thousand articles and found that one in thirty had the marks of being paid for."
	const rest = " One in thirty is more than anybody who works here had expected of it."
	for name, article := range map[string]mailer.Article{
		"summary":   {Summary: first + rest},
		"paragraph": {ContentHTML: "<p>" + first + rest + "</p>"},
	} {
		e := editionOf("en", mailer.Instant, 1)
		e.Articles[0].Summary, e.Articles[0].ContentHTML = article.Summary, article.ContentHTML
		doc, _ := page(t, compiled(t, r, e))
		p := must[mailer.Page](t)(r.Page(e))
		for _, got := range []string{doc.Find("body > div[aria-hidden]").Text(), p.Opening} {
			if got != first+"\u00a0…" {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
}
