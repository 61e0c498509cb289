package mailer_test

import (
	"slices"
	"strings"
	"testing"
)

// Below the newsletter's name stand what the mail is, its day and the link to the page,
// each whole on a line where the screen is narrow; no line begins or ends with what
// parts them.
func TestTheLineBelowTheNameBreaksBetweenItsParts(t *testing.T) {
	t.Parallel()
	for name, raw := range corpus(t) {
		if !strings.HasPrefix(name, "instant.") && !strings.HasPrefix(name, "correction.") && !strings.HasPrefix(name, "digest.") {
			continue
		}
		doc, _ := page(t, raw)
		link := doc.Find("p.dim > a[href*='/archive/']").First()
		parts := slices.Collect(func(yield func(string) bool) {
			for _, s := range link.Parent().Children().EachIter() {
				if !strings.Contains(s.AttrOr("style", ""), "display:inline-block") || !yield(strings.TrimSpace(s.Text())) {
					return
				}
			}
		})
		if line := link.Parent().Text(); len(parts) != 3 || strings.Contains(line, "·") || strings.Join(strings.Fields(line), " ") != strings.Join(strings.Fields(strings.Join(parts, " ")), " ") {
			t.Errorf("%s: %q of %q", name, parts, line)
		}
		if text := strings.Join(parts[:min(2, len(parts))], " · "); !strings.Contains(string(plainOf(t, raw)), text) {
			t.Errorf("%s: the text has no %q", name, text)
		}
	}
}

func plainOf(t *testing.T, raw []byte) string {
	t.Helper()
	_, plain, _ := parts(t, raw)
	return plain
}
