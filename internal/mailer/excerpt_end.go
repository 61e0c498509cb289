package mailer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// andMore stands behind a whole sentence after which something was left out. The
// blank keeps the ellipsis on its line.
const andMore = "\u00a0…"

// point is a place in both forms of a paragraph, in octets.
type point struct{ html, text int }

// full reports whether a new paragraph is one too many. A list is taken to its end
// if it has room, and what a heading or a colon announces is not left out.
func (w *excerptWriter) full() bool {
	last, room := w.last(), w.most-w.count
	switch {
	case w.count < w.enough:
		return false
	case w.list > 0 && last.list == w.list:
		return room <= 0
	case last.Kind == "h", strings.HasSuffix(last.Text, ":"):
		return room < w.most/8
	}
	return true
}

func (w *excerptWriter) last() passage {
	if len(w.blocks) == 0 {
		return passage{}
	}
	return w.blocks[len(w.blocks)-1]
}

// sentence remembers that one ends here, if it does. What is inside a link or
// emphasis is never cut off from the rest of it.
func (w *excerptWriter) sentence() {
	if w.open == 0 && endsSentence(strings.TrimSpace(w.text.String())) {
		w.whole = point{w.html.Len(), w.text.Len()}
	}
}

// end says behind the last paragraph that more follows, unless it says so itself. No
// heading stands last.
func (w *excerptWriter) end(cut bool) {
	if !cut {
		return
	}
	for len(w.blocks) > 1 && w.last().Kind == "h" {
		w.blocks = w.blocks[:len(w.blocks)-1]
	}
	last := w.last()
	switch {
	case w.said, last.Text == "", strings.HasSuffix(last.Text, "…"):
	case last.Kind == "li" && last.list == w.cutIn: // there are more points
		w.blocks = append(w.blocks, passage{Kind: "li", HTML: "…", Text: "…"})
	case last.Kind == "p":
		last.HTML, last.Text = last.HTML+andMore, last.Text+andMore
		w.blocks[len(w.blocks)-1] = last
	default: // a list or a quotation that is whole
		w.blocks = append(w.blocks, passage{Kind: "p", HTML: "…", Text: "…"})
	}
}

// lastSentence is where the last sentence of s ends that another follows, in octets;
// 0: there is none.
func lastSentence(s string) int {
	for i := len(s); i > 0; {
		i = strings.LastIndexByte(s[:i], ' ')
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

// endsSentence takes a full stop behind a short word for that of an abbreviation:
// to miss an end is better than to break a name.
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
	return utf8.RuneCountInString(word) > 3
}

func beginsSentence(s string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, `"'«“‘([–— `))
	return unicode.IsUpper(first) || unicode.IsDigit(first)
}
