package article

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"vistka/internal/locale"
)

// Filters say which entries of a feed a newsletter takes. Empty takes all.
// Case does not count; a language "uk" takes "uk-UA" too.
type Filters struct {
	Topics        []string `json:"topics,omitempty"`
	WithoutTopics []string `json:"without_topics,omitempty"`
	Authors       []string `json:"authors,omitempty"`
	Languages     []string `json:"languages,omitempty"`
}

// LanguageError is a language in filters that is none: it would take nothing.
type LanguageError string

func (e LanguageError) Error() string { return fmt.Sprintf("%q is no language", string(e)) }

// Any says whether anything is left out.
func (f Filters) Any() bool {
	return len(f.Topics)+len(f.WithoutTopics)+len(f.Authors)+len(f.Languages) > 0
}

// tidy takes off what people type along. Returns a LanguageError.
func (f Filters) tidy() (Filters, error) {
	for _, list := range []*[]string{&f.Topics, &f.WithoutTopics, &f.Authors, &f.Languages} {
		var out []string
		for _, s := range *list {
			if s = strings.TrimSpace(s); s != "" && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
		*list = out
	}
	for _, l := range f.Languages {
		if _, err := language.Parse(l); err != nil {
			return f, LanguageError(l)
		}
	}
	return f, nil
}

// refuse is why an entry is outside, or nil.
func (f Filters) refuse(c *candidate) *locale.Message {
	named := func(list []string) func(string) bool {
		return func(s string) bool {
			return slices.ContainsFunc(list, func(l string) bool { return strings.EqualFold(strings.TrimSpace(l), s) })
		}
	}
	if len(f.Topics) > 0 && !slices.ContainsFunc(c.Topics, named(f.Topics)) {
		return &locale.Message{Key: "article.filter.topics"}
	}
	if i := slices.IndexFunc(c.Topics, named(f.WithoutTopics)); i >= 0 {
		return &locale.Message{Key: "article.filter.without_topic", Name: c.Topics[i]}
	}
	if len(f.Authors) > 0 {
		authors := strings.Split(c.Author, ", ")
		if !slices.ContainsFunc(authors, named(f.Authors)) {
			return &locale.Message{Key: "article.filter.author"}
		}
	}
	if len(f.Languages) > 0 && c.Language != "" {
		base, _, _ := strings.Cut(c.Language, "-")
		take := named(f.Languages)
		if !take(c.Language) && !take(base) {
			return &locale.Message{Key: "article.filter.language", Language: c.Language}
		}
	}
	return nil
}
