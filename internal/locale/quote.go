package locale

import "strings"

// quotes are the marks of a language: those of a quotation, and those of a
// quotation within it.
type quotes struct{ open, end, innerOpen, innerEnd rune }

var quotesOf = map[string]quotes{
	"en": {'“', '”', '‘', '’'},
	"uk": {'«', '»', '„', '“'},
}

// Nest gives a quotation within a quotation its own marks: a title that is quoted
// may begin with one. A text whose marks do not pair stays as it is.
func (l *Locale) Nest(text string) string {
	q, known := quotesOf[l.Code()]
	if !known || strings.Count(text, string(q.open)) < 2 {
		return text
	}
	depth := 0
	out := strings.Map(func(r rune) rune {
		switch {
		case depth < 0: // closed before it was opened
		case r == q.open:
			if depth++; depth > 1 {
				return q.innerOpen
			}
		case r == q.end:
			if depth--; depth > 0 {
				return q.innerEnd
			}
		}
		return r
	}, text)
	if depth != 0 {
		return text
	}
	return out
}
