package mailer

import (
	"strings"
	"unicode/utf8"
)

// Quoted-printable (RFC 2045 section 6.7) with three habits of our own: no
// character is split between two lines, no line begins with a dot (so nothing
// needs dot-stuffing, RFC 5321 section 4.5.2), and none with "From ".
//
// A slot stands on a line of its own between soft breaks, so that its value
// can be encoded without knowing the column at which the text before it ended.

const (
	qpColumns = 75 // room before the "=" of a soft break
	upperHex  = "0123456789ABCDEF"
)

// appendQP encodes s, whose lines end in LF, from the given column on and
// returns the column reached.
func appendQP(dst []byte, s string, column int) ([]byte, int) {
	for i := 0; i < len(s); {
		if s[i] == '\n' {
			dst = append(dst, '\r', '\n')
			column = 0
			i++
			continue
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		plain := qpPlain(s, i)
		width := 1
		if !plain {
			width = 3 * size
		}
		if column+width > qpColumns {
			dst = append(dst, "=\r\n"...)
			column = 0
		}
		if plain && column == 0 && (s[i] == '.' || strings.HasPrefix(s[i:], "From ")) {
			plain, width = false, 3
		}
		if plain {
			dst = append(dst, s[i])
		} else {
			for _, b := range []byte(s[i : i+size]) {
				dst = append(dst, '=', upperHex[b>>4], upperHex[b&15])
			}
		}
		column += width
		i += size
	}
	return dst, column
}

// qpPlain tells whether the octet at i stands for itself: printable, and no
// blank that a relay might strip from the end of a line.
func qpPlain(s string, i int) bool {
	switch b := s[i]; {
	case b == ' ' || b == '\t':
		return i+1 < len(s) && s[i+1] != '\n'
	case b == '=':
		return false
	default:
		return b > ' ' && b < 0x7f
	}
}

// appendQPValue encodes the value of a slot, beginning at column 0 and leaving
// the last line open; with html it is escaped for a quoted attribute first.
func appendQPValue(dst []byte, v string, html bool) []byte {
	if len(v) <= qpColumns && qpSimple(v) {
		return append(dst, v...)
	}
	column := 0
	for i := range len(v) {
		b := v[i]
		entity := ""
		if html {
			switch b {
			case '&':
				entity = "&amp;"
			case '<':
				entity = "&lt;"
			case '>':
				entity = "&gt;"
			case '"':
				entity = "&#34;"
			case '\'':
				entity = "&#39;"
			}
		}
		width := max(1, len(entity))
		coded := entity == "" && (b <= ' ' || b >= 0x7f || b == '=')
		if coded {
			width = 3
		}
		if column+width > qpColumns {
			dst = append(dst, "=\r\n"...)
			column = 0
		}
		switch {
		case entity != "":
			dst = append(dst, entity...)
		case coded || (b == '.' && column == 0):
			dst = append(dst, '=', upperHex[b>>4], upperHex[b&15])
			width = 3
		default:
			dst = append(dst, b)
		}
		column += width
	}
	return dst
}

// qpSimple tells whether a value stands for itself on a line of its own, in
// text and in an attribute: nearly every link does.
func qpSimple(v string) bool {
	for i := range len(v) {
		switch b := v[i]; {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '-' && b <= ':' && (b != '.' || i > 0), b == '_':
		default:
			return false
		}
	}
	return true
}
