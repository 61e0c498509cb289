package newsletter

import (
	"strings"
	"testing"
	"time"
)

// What is harmless only because a page escapes it is refused where it is typed, in
// words of its own.
func TestWhatNobodyTypesOnPurpose(t *testing.T) {
	t.Parallel()
	n := New()
	n.Slug, n.Name, n.Language, n.FromName, n.FromAddress, n.Timezone = "news", "Новини 📰", "uk", "Новини", "news@example.org", "Europe/Kyiv"
	n.LogoURL, n.SiteURL = "https://example.org/лого.png?a=b&c='d'#e", "http://[2001:db8::1]:8080/"
	n.PrivacyURL = "https://example.org/" + strings.Repeat("x", maxText-len("https://example.org/"))
	n.PostalAddress = "1 Example Street\r\n01001 Kyiv"
	n.Thanks = map[string]string{"uk": strings.Repeat("ї", maxThanks), "en": ""}
	n.Grace = time.Minute
	if errs := n.tidy().check(); len(errs) > 0 {
		t.Fatalf("what is well: %v", errs)
	}
	for typed, c := range map[string]struct {
		field, key string
		set        func(*Newsletter, string)
	}{
		`https://x"><script>`:                              {"logo_url", keyURLMarks, func(n *Newsletter, s string) { n.LogoURL = s }},
		"https://example.org/a logo.png":                   {"logo_url", keyURLMarks, func(n *Newsletter, s string) { n.LogoURL = s }},
		"https://my_bucket.example.org/l.png":              {"logo_url", keyLogo, func(n *Newsletter, s string) { n.LogoURL = s }},
		"http://[::1]/l.png":                               {"logo_url", keyLogo, func(n *Newsletter, s string) { n.LogoURL = s }},
		"https://example.org/\u202egnp":                    {"privacy_url", keyURLMarks, func(n *Newsletter, s string) { n.PrivacyURL = s }},
		"https://example.org/" + strings.Repeat("x", 1981): {"site_url", keyURLLong, func(n *Newsletter, s string) { n.SiteURL = s }},
		"https://example.org/" + strings.Repeat("ї", 991):  {"logo_url", keyURLLong, func(n *Newsletter, s string) { n.LogoURL = s }},

		"example.org":             {"site_url", keyURL, func(n *Newsletter, s string) { n.SiteURL = s }},
		"News\u202eswen":          {"name", keyUnseen, func(n *Newsletter, s string) { n.Name = s }},
		"News\u2066":              {"from_name", keyUnseen, func(n *Newsletter, s string) { n.FromName = s }},
		"News\u200b":              {"name", keyUnseen, func(n *Newsletter, s string) { n.Name = s }},
		"What\u202e comes":        {"description", keyUnseen, func(n *Newsletter, s string) { n.Description = s }},
		"Thank\nyou":              {"thanks_en", keyUnseen, func(n *Newsletter, s string) { n.Thanks = map[string]string{"en": s} }},
		strings.Repeat("ї", 121):  {"thanks_en", keyThanks, func(n *Newsletter, s string) { n.Thanks = map[string]string{"en": s} }},
		strings.Repeat("ї", 201):  {"name", keyTooLong, func(n *Newsletter, s string) { n.Name = s }},
		strings.Repeat("ї", 2001): {"description", keyTextLong, func(n *Newsletter, s string) { n.Description = s }},
	} {
		wrong := n
		c.set(&wrong, typed)
		if errs := wrong.tidy().check(); len(errs) != 1 || errs[c.field] != c.key {
			t.Errorf("%.40q: %v, want %s of %s", typed, errs, c.key, c.field)
		}
	}
}
