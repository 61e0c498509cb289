package mailer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// andMore stands behind a whole sentence after which something was left out. The
// blank keeps the ellipsis on its line.
const andMore = "\u00a0…"

// lastSentence is where the last sentence of s ends that another follows, in octets;
// 0: there is none.
func lastSentence(s string) int {
	for i := len(s); i > 0; {
		i = strings.LastIndexAny(s[:i], " \n")
		if i > 0 && endsSentence(s[:i]) && beginsSentence(s[i+1:]) {
			return i
		}
	}
	return 0
}

// shortenText is shorten for sentences: it cuts behind a whole one if that leaves
// half of the room or more.
func shortenText(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	most := string(runes[:max(0, n-utf8.RuneCountInString(andMore))])
	if i := lastSentence(most); i*2 > len(most) {
		return most[:i] + andMore
	}
	return shorten(s, n)
}

// closing is what may stand behind the end of a sentence and still be of it.
const closing = `"'»”’)]`

// abbreviations have a full stop that ends no sentence, though a name or a number
// often follows; initials and one letter as in "т. д." are known by their length.
var abbreviations = strings.Fields("ім вул пл просп рр ст див св гр тис млн млрд грн проф акад " +
	"Mr Mrs Ms Dr Prof St No vs etc Jr Sr Inc")

func endsSentence(s string) bool {
	s = strings.TrimRight(s, closing)
	mark, size := utf8.DecodeLastRuneInString(s)
	switch mark {
	case '!', '?', '…':
		return true
	case '.':
	default:
		return false
	}
	word := strings.TrimRight(s[:len(s)-size], closing)
	word = word[strings.LastIndexFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })+1:]
	letter, size := utf8.DecodeRuneInString(word)
	switch {
	case len(word) == size && unicode.IsLetter(letter):
		return false
	case slices.Contains(abbreviations, word), slices.Contains(abbreviations, strings.ToLower(word)):
		return false
	}
	return true
}

func beginsSentence(s string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, `"'«“‘([–— `))
	return unicode.IsUpper(first) || unicode.IsDigit(first)
}
