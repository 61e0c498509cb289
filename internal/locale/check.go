package locale

import (
	"fmt"
	"slices"

	"golang.org/x/text/feature/plural"
)

// Problems lists what is not the same in every language: keys that only some
// have, and plural forms that a language needs and a message lacks. Empty when
// all is well.
func (c *Catalog) Problems() []string {
	var out []string
	keys := map[string]bool{}
	counted := map[string]bool{}
	for _, l := range c.locales {
		for key, m := range l.messages {
			keys[key] = true
			if len(m.forms) > 1 {
				counted[key] = true
			}
		}
	}
	for _, code := range c.codes {
		l := c.locales[code]
		needed := l.pluralForms()
		for key := range keys {
			m := l.messages[key]
			if m == nil {
				out = append(out, fmt.Sprintf("%s: %s is missing", code, key))
				continue
			}
			if !counted[key] {
				continue
			}
			for _, form := range needed {
				if !slices.Contains(m.forms, form) {
					out = append(out, fmt.Sprintf("%s: %s lacks the plural form %q", code, key, form))
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// pluralForms are the forms whole numbers take in the language.
func (l *Locale) pluralForms() []string {
	names := map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other"}
	found := map[string]bool{"other": true} // also for fractions, and as the form of last resort
	for n := range 200 {
		found[names[plural.Cardinal.MatchPlural(l.tag, n, 0, 0, 0, 0)]] = true
	}
	out := make([]string, 0, len(found))
	for f := range found {
		out = append(out, f)
	}
	slices.Sort(out)
	return out
}
