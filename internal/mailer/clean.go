package mailer

import (
	"strings"
	"unicode"
)

// cleanLine makes one line of outside text: no controls, no marks that reorder
// or hide what follows (bidi controls, zero-width blanks), one blank where
// there were several. Joiners stay, emoji and some scripts need them.
func cleanLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f':
			return ' ' // line and paragraph separators among them
		case unicode.IsControl(r), invisible(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " ")
}

func invisible(r rune) bool {
	switch {
	case r == '\u061c', r == '\u200e', r == '\u200f', // marks
		r >= '\u202a' && r <= '\u202e', // embeddings, overrides
		r >= '\u2060' && r <= '\u206f', // isolates, word joiner, deprecated formats
		r == '\u200b', r == '\ufeff', r == '\u00ad',
		r >= '\ufff9' && r <= '\ufffb':
		return true
	}
	return false
}

// shorten cuts s to at most n characters, at a word's end where there is one
// near, and says so with an ellipsis.
func shorten(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	if n <= 1 {
		return ""
	}
	cut := runes[:n-1]
	for i := len(cut) - 1; i > len(cut)*2/3; i-- {
		if unicode.IsSpace(cut[i]) {
			cut = cut[:i]
			break
		}
	}
	for len(cut) > 0 && (unicode.IsSpace(cut[len(cut)-1]) || strings.ContainsRune(",;:–—-", cut[len(cut)-1]) || joins(cut[len(cut)-1])) {
		cut = cut[:len(cut)-1]
	}
	return string(cut) + "…"
}

// joins tells whether a character makes sense only with what follows it.
func joins(r rune) bool { return r == '\u200d' || r == '«' || r == '“' || r == '(' }
