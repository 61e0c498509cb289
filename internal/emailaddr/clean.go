package emailaddr

import (
	"net/url"
	"strings"
	"unicode"
)

// Clean takes off what a paste brings along with an address, where there is no doubt
// which address is meant: "mailto:" and what follows the address in such a link, a name
// before <angle brackets>, the full stop or comma of a sentence, characters of full
// width, invisible ones at either end. What is no one address is returned as it is,
// for its owner to mend.
func Clean(typed string) string {
	s := trim(strings.Map(halfWidth, typed))
	if open := strings.IndexByte(s, '<'); open >= 0 {
		name, rest, _ := strings.Cut(s, "<")
		inner, after, closed := strings.Cut(rest, ">")
		if !closed || strings.ContainsAny(name, "@,;") || strings.Trim(after, " .,;") != "" { // perhaps another address
			return typed
		}
		s = trim(inner)
	}
	if len(s) > len("mailto:") && strings.EqualFold(s[:len("mailto:")], "mailto:") {
		address, _, _ := strings.Cut(s[len("mailto:"):], "?") // RFC 6068: what is in the address itself is escaped
		unescaped, err := url.PathUnescape(address)
		if err != nil {
			return typed
		}
		s = trim(unescaped)
	}
	s = strings.TrimRight(s, ".,;")
	if _, err := Parse(s); err != nil {
		return typed
	}
	return s
}

// halfWidth is the ASCII character of one of full width, as keyboards of East Asia
// type them.
func halfWidth(r rune) rune {
	switch {
	case '\uff01' <= r && r <= '\uff5e':
		return r - '\uff01' + '!'
	case r == '\ufe6b': // the small @
		return '@'
	}
	return r
}

// trim cuts off spaces and what nobody sees, such as marks of direction.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
}
