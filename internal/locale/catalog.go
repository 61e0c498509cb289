// Package locale holds the words of every language: messages with CLDR
// plurals, dates and numbers. A language is the file web/locales/CODE.toml; a
// new one needs no code.
package locale

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/sync/errgroup"
	"golang.org/x/text/language"
)

// fallback is the language of whoever asks for one that we do not have.
const fallback = "en"

// Catalog is every language that was loaded. It does not change afterwards
// and is safe for concurrent use.
type Catalog struct {
	codes   []string // the fallback first, then by code
	locales map[string]*Locale
	matcher language.Matcher
}

// Load reads locales/*.toml of fsys, one file a language, named by its code.
// Returns an error that names the file if one does not parse, or if English is
// missing.
func Load(fsys fs.FS) (*Catalog, error) {
	names, err := fs.Glob(fsys, "locales/*.toml")
	if err != nil {
		return nil, fmt.Errorf("list locales: %w", err)
	}
	read := make([]*Locale, len(names))
	var g errgroup.Group
	for i, name := range names {
		g.Go(func() (err error) {
			if read[i], err = readLocale(fsys, name); err != nil {
				return fmt.Errorf("locale file %s: %w", name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	c := &Catalog{locales: map[string]*Locale{}}
	for _, l := range read {
		c.locales[l.Code()] = l
		c.codes = append(c.codes, l.Code())
	}
	if c.locales[fallback] == nil {
		return nil, errors.New("locale: no English words")
	}
	slices.SortFunc(c.codes, func(a, b string) int {
		if (a == fallback) != (b == fallback) {
			if a == fallback {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	tags := make([]language.Tag, len(c.codes))
	for i, code := range c.codes {
		tags[i] = c.locales[code].tag
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

func readLocale(fsys fs.FS, name string) (*Locale, error) {
	tag, err := language.Parse(strings.TrimSuffix(path.Base(name), ".toml"))
	if err != nil {
		return nil, err
	}
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	file, err := i18n.ParseMessageFileBytes(raw, tag.String()+".toml", map[string]i18n.UnmarshalFunc{"toml": toml.Unmarshal})
	if err != nil {
		return nil, err
	}
	return newLocale(tag.String(), file.Messages)
}

// For returns the language of code ("uk", also "uk-UA"), English if there is none.
func (c *Catalog) For(code string) *Locale {
	if l, ok := c.locales[code]; ok {
		return l
	}
	if tag, err := language.Parse(code); err == nil {
		base, _ := tag.Base()
		if l, ok := c.locales[base.String()]; ok {
			return l
		}
	}
	return c.locales[fallback]
}

// Match picks the best language for an Accept-Language field (RFC 9110
// section 12.5.4), English if none fits or the field cannot be read.
func (c *Catalog) Match(acceptLanguage string) *Locale {
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return c.locales[fallback]
	}
	_, i, _ := c.matcher.Match(tags...)
	return c.locales[c.codes[i]]
}

// Has reports whether there are words in exactly this language.
func (c *Catalog) Has(code string) bool { return c.locales[code] != nil }

// Codes lists the languages, English first.
func (c *Catalog) Codes() []string { return slices.Clone(c.codes) }

// All lists the languages, English first, as a language switch shows them.
func (c *Catalog) All() []*Locale {
	out := make([]*Locale, len(c.codes))
	for i, code := range c.codes {
		out[i] = c.locales[code]
	}
	return out
}
