package emailaddr

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// What Parse returns. ErrTooLong, ErrReserved and ErrDomain are ErrFormat too
// (errors.Is), so that a form needs two sentences only.
var (
	ErrEmpty    = errors.New("emailaddr: empty")
	ErrFormat   = errors.New("emailaddr: not in the format name@example.com")
	ErrTooLong  = fmt.Errorf("%w: too long", ErrFormat)
	ErrDomain   = fmt.Errorf("%w: not a domain name", ErrFormat)
	ErrReserved = fmt.Errorf("%w: a domain that no mail can reach", ErrFormat)
)

const (
	maxLocal  = 64  // octets, RFC 5321 section 4.5.3.1.1
	maxDomain = 253 // octets, RFC 1035 section 2.3.4 without the root
	maxTotal  = 254 // octets, RFC 5321 section 4.5.3.1.3 less the angle brackets
)

// Parse reads one bare address. Spaces around it are what a paste leaves and
// are cut off. Returns ErrEmpty if nothing is left, otherwise an error that is
// ErrFormat.
func Parse(s string) (Address, error) {
	s = strings.TrimFunc(s, unicode.IsSpace)
	if s == "" {
		return Address{}, ErrEmpty
	}
	if len(s) > 4*maxTotal { // before any work on it
		return Address{}, ErrTooLong
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 || !utf8.ValidString(s) {
		return Address{}, ErrFormat
	}
	local := norm.NFC.String(s[:at])
	if err := checkLocal(local); err != nil {
		return Address{}, err
	}
	domain, err := parseDomain(s[at+1:])
	if err != nil {
		return Address{}, err
	}
	// The typed form counts too: it is what To shows and what is stored.
	if len(local)+1+len(domain) > maxTotal || len(s) > maxTotal {
		return Address{}, ErrTooLong
	}
	return Address{typed: s, local: local, domain: domain, unicode: toUnicode(domain)}, nil
}

// checkLocal takes a dot-atom of RFC 5322 section 3.2.3 widened by RFC 6531
// section 3.3. Quoted strings are refused: no provider hands them out, and
// they are how addresses smuggle spaces and commands.
func checkLocal(local string) error {
	if len(local) > maxLocal {
		return ErrTooLong
	}
	if local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
		return ErrFormat
	}
	for _, r := range local {
		if !allowedInLocal(r) {
			return ErrFormat
		}
	}
	if first, _ := utf8.DecodeRuneInString(local); unicode.IsMark(first) {
		return ErrFormat // it would join whatever stands before the address
	}
	return nil
}

func allowedInLocal(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' ||
			strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r)
	case r == utf8.RuneError:
		return false
	}
	// Letters, marks, digits and symbols. Left out are controls, bidi and
	// zero-width characters, spaces, private use, and code points not yet
	// assigned, which could turn out to be any of those.
	return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.S, unicode.P)
}

// parseDomain returns the A-label. "example.com." and "[192.0.2.1]" are
// domains to SMTP, but nobody means them in a form.
func parseDomain(s string) (string, error) {
	if s == "" {
		return "", ErrFormat
	}
	domain, err := idna.Lookup.ToASCII(s)
	if err != nil {
		return "", ErrDomain
	}
	if len(domain) > maxDomain {
		return "", ErrTooLong
	}
	labels := strings.Split(domain, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 {
			return "", ErrDomain
		}
		for i := range len(l) { // the mapping may bring in a character of its own, ℀ becomes a/c
			if c := l[i]; c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
				return "", ErrDomain
			}
		}
	}
	top := labels[len(labels)-1]
	switch {
	case len(labels) < 2, top == "invalid", top == "localhost": // RFC 6761
		return "", ErrReserved
	case strings.Trim(top, "0123456789") == "":
		return "", ErrDomain // an IPv4 address without its brackets
	}
	return domain, nil
}
