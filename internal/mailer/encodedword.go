package mailer

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// Encoded-words (RFC 2047): each at most 75 characters, each whole in itself
// (no character is split between two), each on a line of at most 76.

const (
	wordOpen  = "=?utf-8?"
	wordRoom  = 75 - len(wordOpen) - len("q?") - len("?=") // characters of payload
	lineLimit = 76                                         // of a line that holds an encoded-word
)

// appendEncodedWords writes s as encoded-words divided by CRLF and a blank.
// column is where the first one begins. The shorter of the two encodings is
// taken; "q" uses only the characters that are allowed in a phrase.
func appendEncodedWords(dst []byte, s string, column int) ([]byte, int) {
	quoted := 0
	for _, r := range s {
		quoted += qWidth(r)
	}
	base64Form := (len(s)+2)/3*4 < quoted
	for first := true; s != ""; first = false {
		if !first {
			dst, column = append(dst, "\r\n "...), 1
		}
		room := min(wordRoom, lineLimit-column-(75-wordRoom))
		var n int
		if base64Form {
			n = prefixB(s, room)
		} else {
			n = prefixQ(s, room)
		}
		if n == 0 { // the header's name leaves no room: begin on the next line
			dst, column = append(dst, "\r\n "...), 1
			first = true
			continue
		}
		before := len(dst)
		dst = append(dst, wordOpen...)
		if base64Form {
			dst = append(dst, "b?"...)
			dst = base64.StdEncoding.AppendEncode(dst, []byte(s[:n]))
		} else {
			dst = append(dst, "q?"...)
			dst = appendQ(dst, s[:n])
		}
		dst = append(dst, "?="...)
		column += len(dst) - before
		s = s[n:]
	}
	return dst, column
}

// prefixB returns how many octets of s fit into room characters of base64.
func prefixB(s string, room int) int {
	limit, n := room/4*3, 0
	for n < len(s) {
		_, size := utf8.DecodeRuneInString(s[n:])
		if n+size > limit {
			break
		}
		n += size
	}
	return n
}

func prefixQ(s string, room int) int {
	n, width := 0, 0
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if width += qWidth(r); width > room {
			break
		}
		n += size
	}
	return n
}

func qWidth(r rune) int {
	if r == ' ' || qSafe(r) {
		return 1
	}
	return 3 * utf8.RuneLen(r)
}

// qSafe are the characters RFC 2047 section 5 (3) allows as they are.
func qSafe(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("!*+-/", r)
}

func appendQ(dst []byte, s string) []byte {
	for i := range len(s) {
		switch b := s[i]; {
		case b == ' ':
			dst = append(dst, '_')
		case b < utf8.RuneSelf && qSafe(rune(b)):
			dst = append(dst, b)
		default:
			dst = append(dst, '=', upperHex[b>>4], upperHex[b&15])
		}
	}
	return dst
}
