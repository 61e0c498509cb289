package locale

import (
	"testing"

	"vistka/web"
)

func TestQuotationWithinAQuotation(t *testing.T) {
	t.Parallel()
	c, err := Load(web.FS)
	if err != nil {
		t.Fatal(err)
	}
	for code, titles := range map[string]map[string]string{
		"en": {
			"“Experts say”: who stands behind them": "On the page “‘Experts say’: who stands behind them”, https://example.org",
			"Who pays":     "On the page “Who pays”, https://example.org",
			"«Експерти»":   "On the page “«Експерти»”, https://example.org",
			"12” of “rain": "On the page “12” of “rain”, https://example.org",
			"half “open":   "On the page “half “open”, https://example.org",
		},
		"uk": {
			"«Експерти вважають»: хто за ними": "На сторінці «„Експерти вважають“: хто за ними», https://example.org",
			"Так «тут» і «там»":                "На сторінці «Так „тут“ і „там“», https://example.org",
			"“Experts say”":                    "На сторінці «“Experts say”», https://example.org",
		},
	} {
		for title, want := range titles {
			if got := c.For(code).T("consent.article", "title", title, "value", "https://example.org"); got != want {
				t.Errorf("%s: %s, want %s", code, got, want)
			}
		}
	}
	if got, want := c.For("en").N("article.note.corrected", 2, "name", "We “wrote” it"), "A correction went to 2 readers: “We ‘wrote’ it”"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
