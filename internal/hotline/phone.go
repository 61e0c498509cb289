package hotline

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// How many digits a number has, its extension apart. The most is that of ITU-T E.164.
const (
	minDigits     = 5 // the shortest that a town has: whoever calls back needs all of it
	minDeskDigits = 3 // readers dial 112, or 1545
	maxDigits     = 15
)

var (
	// An extension in its usual writings, of RFC 3966 too.
	extension = regexp.MustCompile(`(?i)^(.*\d[ )]*?)[ ,;(]*(?:ext(?:ension|n)?|x|х|#|дод(?:атк(?:овий)?)?|доб(?:авочный)?|вн(?:утр(?:ішній|енний)?)?)[ .:=№]*\d{1,8} ?\)?$`)
	// What stands before a number that was copied.
	phonePrefix = regexp.MustCompile(`(?i)^(?:телефон|тел|моб(?:ільний)?|tel|phone|mob(?:ile)?)[ .:]*`)
	// The country in brackets, which take the place of nothing.
	bracketed = regexp.MustCompile(`^\(\+ ?(\d{1,4})\)`)
)

// tidyPhone is a number without what comes along when it is copied: its scheme,
// invisible marks, wide digits. How it is set apart stays, and so does an extension.
func tidyPhone(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) { // marks of direction, as address books have them
			return -1
		}
		return r
	}, width.Fold.String(oneLine(s)))
	return bracketed.ReplaceAllString(strings.TrimSpace(phonePrefix.ReplaceAllString(s, "")), "+$1")
}

// wrongPhone is the key of what is wrong with a tidy number that has at least
// fewest digits; empty: nothing. It takes every way to write a number and none of
// writing something else.
func wrongPhone(s string, fewest int) string {
	s = withoutExtension(s)
	n := len(onlyDigits(s))
	switch {
	case strings.ContainsFunc(s, unicode.IsLetter):
		return keyPhoneLetters
	case strings.Trim(s, "+0123456789 ().-/\u2010\u2011\u2012\u2013\u2014\u2212") != "" && n <= maxDigits, strings.LastIndexByte(s, '+') > 0 && n <= maxDigits:
		return keyPhone
	case n < fewest:
		return keyPhoneShort
	case n > maxDigits:
		return keyPhoneLong
	}
	return ""
}

func withoutExtension(s string) string {
	if m := extension.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return s
}

// Dial takes from a phone number what people put into it to read it better, and
// its extension, which is for whoever answers: phones differ in how they take one.
func Dial(phone string) string {
	digits := onlyDigits(withoutExtension(phone))
	if strings.HasPrefix(strings.TrimSpace(phone), "+") {
		return "+" + digits
	}
	return digits
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
