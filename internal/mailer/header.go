package mailer

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/idna"
)

// ErrSender says that a newsletter's sender or reply address cannot stand in a header.
var ErrSender = errors.New("mailer: sender address is not usable")

const foldAt = 78 // characters of a line, without CRLF (RFC 5322 section 2.1.1)

// header is the head of a message in the making.
type header struct {
	b []byte
}

// text adds a field of unstructured text, folded and encoded as it needs.
func (h *header) text(name, value string) {
	h.b = append(h.b, name...)
	h.b = append(h.b, ": "...)
	h.words(cleanLine(value), len(name)+2)
	h.end()
}

// raw adds a field whose value is ours and short.
func (h *header) raw(name, value string) {
	h.b = append(h.b, name...)
	h.b = append(h.b, ": "...)
	h.b = append(h.b, value...)
	h.end()
}

// mailbox adds a field of one mailbox; an empty phrase leaves the bare address.
func (h *header) mailbox(name, phrase, address string) {
	h.phrased(name, phrase, "<"+address+">")
}

// phrased adds a phrase and an atom that is never encoded nor folded inside.
func (h *header) phrased(name, phrase, atom string) {
	h.b = append(h.b, name...)
	h.b = append(h.b, ": "...)
	column, limit := len(name)+2, foldAt
	if phrase = cleanLine(phrase); phrase != "" {
		switch {
		case len(phrase) <= 60 && atoms.MatchString(phrase):
			h.b, column = append(h.b, phrase...), column+len(phrase)
		case len(phrase) <= 60 && quotable.MatchString(phrase):
			quoted := `"` + quoteEscaper.Replace(phrase) + `"`
			h.b, column = append(h.b, quoted...), column+len(quoted)
		default:
			h.b, column = appendEncodedWords(h.b, phrase, column)
			limit = lineLimit
		}
		if column+1+len(atom) > limit {
			h.b = append(h.b, "\r\n"...)
		}
		h.b = append(h.b, ' ')
	}
	h.b = append(h.b, atom...)
	h.end()
}

func (h *header) end() { h.b = append(h.b, "\r\n"...) }

var (
	// A display name with "=?" would be taken for an encoded-word, one with
	// "." is no atom; both are left to the other forms.
	atoms        = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/^_`{|}~-]+)*$")
	quotable     = regexp.MustCompile(`^[ -<>-~]+$`) // without "="
	quoteEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	plainWords   = regexp.MustCompile(`^[!-~]{1,60}( [!-~]{1,60})*$`)
)

// words writes text as it is, folded at blanks, or as encoded-words when it is
// not plain ASCII, has a word too long to fold, or looks like an encoded-word.
func (h *header) words(s string, column int) {
	if s == "" {
		return
	}
	if !plainWords.MatchString(s) || strings.Contains(s, "=?") {
		h.b, _ = appendEncodedWords(h.b, s, column)
		return
	}
	for i, w := range strings.Split(s, " ") {
		switch {
		case i == 0:
		case column+1+len(w) > foldAt:
			h.b, column = append(h.b, "\r\n "...), 1
		default:
			h.b, column = append(h.b, ' '), column+1
		}
		h.b, column = append(h.b, w...), column+len(w)
	}
}

// headerAddress checks an address of ours and gives its form for a header:
// ASCII, the domain in A-labels. Returns ErrSender if there is none.
func headerAddress(address string) (string, error) {
	at := strings.LastIndexByte(address, '@')
	if at < 1 || !atext.MatchString(address[:at]) {
		return "", fmt.Errorf("%w: %q", ErrSender, address)
	}
	domain, err := idna.Lookup.ToASCII(address[at+1:])
	if err != nil || domain == "" || len(domain) > 253 {
		return "", fmt.Errorf("%w: %q", ErrSender, address)
	}
	return address[:at+1] + domain, nil
}

var atext = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")

// displayName is what may stand before our address: nothing that looks like
// another address (Gmail's display name rules).
func displayName(s string) string {
	return cleanLine(strings.Map(func(r rune) rune {
		if strings.ContainsRune("<>@\"", r) {
			return -1
		}
		return r
	}, s))
}

var replyMark = regexp.MustCompile(`(?i)^(re|fw|fwd|aw|sv|vs|відп)(\[\d+\])?\s*:`)

// subject never looks like an answer in a thread that the reader did not
// begin: a title that opens with "Re:" is given the newsletter's name.
func subject(title, newsletter string) string {
	title = cleanLine(title)
	if title == "" {
		return cleanLine(newsletter)
	}
	if replyMark.MatchString(title) {
		return cleanLine(newsletter) + " · " + title
	}
	return title
}
