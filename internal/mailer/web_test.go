package mailer_test

import (
	"fmt"
	"strings"
	"testing"

	"vistka/internal/mailer"
)

// What everybody may read says what the mail says, and nothing of one reader.
func TestPage(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	for _, code := range []string{"en", "uk"} {
		weekly := editionOf(code, mailer.Weekly, 4)
		weekly.More = 3
		p, err := r.Page(weekly)
		if err != nil {
			t.Fatal(err)
		}
		_, text, _ := parts(t, compiled(t, r, weekly))
		text = strings.Join(strings.Fields(text), " ")
		for _, a := range append(p.Articles, p.Lead) {
			if !strings.Contains(text, a.Title) || a.URL == "" {
				t.Errorf("%s: %q at %q", code, a.Title, a.URL)
			}
		}
		if len(p.Articles) != 3 || !strings.Contains(text, strings.Join(strings.Fields(p.More), " ")) || p.Lead.Image == nil || !p.Lead.Image.Wide || p.Opening == "" || p.Title == p.Lead.Title {
			t.Errorf("%s: %+v", code, p)
		}
		alone, err := r.Page(editionOf(code, mailer.Instant, 1))
		if err != nil || len(alone.Lead.Passages) < 5 || !alone.Lead.Continues {
			t.Errorf("%s: %+v, %v", code, alone, err)
		}
		all := fmt.Sprint(p, alone)
		for _, private := range []string{"unsubscribe", "preferences", "slot.invalid", "style="} {
			if strings.Contains(all, private) {
				t.Errorf("%s: a page for everybody has %q", code, private)
			}
		}
		if !strings.Contains(all, `<a href="https://www.example.com/`) {
			t.Errorf("%s: the links of the text are gone", code)
		}
	}
	if _, err := r.Page(mailer.EditionContent{}); err == nil {
		t.Error("a page of nothing")
	}
}
