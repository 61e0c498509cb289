package mailer_test

import (
	"strings"
	"testing"

	"vistka/internal/mailer"
)

// A logo of any size keeps within the column and its own shape: a percentage bounds
// it in a table of fixed layout only, and a height of its own would distort it.
func TestAWideLogoDoesNotWidenTheMail(t *testing.T) {
	t.Parallel()
	e := editionOf("en", mailer.Instant, 1)
	e.Newsletter.LogoURL = "https://www.example.com/logo.png"
	doc, _ := page(t, compiled(t, newRenderer(t), e))
	logo := doc.Find(`img[src="` + e.Newsletter.LogoURL + `"]`)
	if logo.Length() != 1 || logo.AttrOr("alt", "") != e.Newsletter.Name {
		t.Fatalf("%d logos, alt %q", logo.Length(), logo.AttrOr("alt", ""))
	}
	if style := logo.Closest("table").AttrOr("style", ""); style != "width:100%;table-layout:fixed" {
		t.Errorf("the table around the logo has %q", style)
	}
	for _, want := range []string{";width:auto;", ";height:auto;", ";max-width:100%;", ";max-height:36px;"} {
		if style := logo.AttrOr("style", ""); !strings.Contains(style, want) {
			t.Errorf("no %q in %q", want, style)
		}
	}
}
