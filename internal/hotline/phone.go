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

// kinds are the words that may stand beside a number, and what joins two of them.
const kinds = `(?:viber|вайбер|telegram|телеграм|whats ?app|в[ао]тсап|signal|сигнал|телефон|тел|моб(?:ільний)?|tel|phone|mob(?:ile)?|and|or|та|і|або)`

var (
	// An extension in its usual writings, of RFC 3966 too.
	extension = regexp.MustCompile(`(?i)^(.*\d[ )]*?)[ ,;(]*(?:ext(?:ension|n)?|x|х|#|дод(?:атк(?:овий)?)?|доб(?:авочный)?|вн(?:утр(?:ішній|енний)?)?)[ .:=№]*(\d{1,8}) ?\)?$`)
	// A number with what kind it is or where it answers too on either side. That stays,
	// for whoever calls back; any other words belong into a field of their own.
	beside = regexp.MustCompile(`(?i)^(?:` + kinds + `[ .:,;/]*)*(.*?\d.*?)(?:[ ,;/(&]*` + kinds + `[.)]*)*$`)
	// What stands before a number that was copied.
	phonePrefix = regexp.MustCompile(`(?i)^(?:телефон|тел|моб(?:ільний)?|tel|phone|mob(?:ile)?)(?:[ .:]+|([+(\d]))`)
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
	return bracketed.ReplaceAllString(strings.TrimSpace(phonePrefix.ReplaceAllString(s, "$1")), "+$1")
}

// wrongPhone is the key of what is wrong with a tidy number that has at least
// fewest digits; empty: nothing. It takes every way to write a number and none of
// writing something else.
func wrongPhone(s string, fewest int) string {
	s, _ = number(s)
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

// number is s without the words beside it, and its extension.
func number(s string) (main, ext string) {
	if m := beside.FindStringSubmatch(s); m != nil {
		s = m[1]
	}
	if m := extension.FindStringSubmatch(s); m != nil {
		return m[1], m[2]
	}
	return s, ""
}

// Dial takes from a phone number what people put into it to read it better or wrote
// beside it, and its extension, which phones differ in how they take.
func Dial(phone string) string {
	phone, _ = number(phone)
	if strings.HasPrefix(strings.TrimSpace(phone), "+") {
		return "+" + onlyDigits(phone)
	}
	return onlyDigits(phone)
}

// DialThrough is Dial with the extension as RFC 3966 section 5.3 has it, for whoever
// calls from a desk: a program that knows no extensions leaves it out.
func DialThrough(phone string) string {
	if _, ext := number(phone); ext != "" {
		return Dial(phone) + ";ext=" + ext
	}
	return Dial(phone)
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
