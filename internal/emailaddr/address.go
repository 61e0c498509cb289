// Package emailaddr is the value of an e-mail address: the forms that people
// type into a sign-up field (RFC 5321 section 4.1.2 without quoted strings and
// literals, RFC 6531 with UTF-8 local parts, RFC 5890 domains), and the keys
// by which one mailbox is told from another. It asks no network.
package emailaddr

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/unicode/norm"
)

// Address is one parsed address. The zero value is no address; only Parse
// makes others, so a value that is not zero is well formed.
type Address struct {
	typed   string // as typed, spaces around it cut off
	local   string // local part in NFC, its case kept
	domain  string // A-label, lower case
	unicode string // domain for people
}

// String is the address as it was typed, without the spaces around it.
func (a Address) String() string { return a.typed }

// IsZero reports whether a is the zero value, which is no address.
func (a Address) IsZero() bool { return a.typed == "" }

// Key tells addresses apart: NFC, lower case, the domain as A-label. RFC 5321
// lets a host distinguish case in the local part; none in use does, and
// people type it either way.
func (a Address) Key() string {
	return norm.NFC.String(strings.ToLower(a.local)) + "@" + a.domain
}

// LimitKey folds the spellings that may reach one mailbox, for counting mails
// against it and for nothing else: the part after + is cut off, and dots do not
// count, as at Gmail. Two mailboxes that only they tell apart share a limit,
// that is all.
func (a Address) LimitKey() string {
	local, domain := norm.NFC.String(strings.ToLower(a.local)), a.domain
	if i := strings.IndexByte(local, '+'); i > 0 {
		local = local[:i]
	}
	if domain == "googlemail.com" {
		domain = "gmail.com"
	}
	return strings.ReplaceAll(local, ".", "") + "@" + domain
}

// Domain is the domain as A-label in lower case, as DNS and SMTP take it.
func (a Address) Domain() string { return a.domain }

// UnicodeDomain is the domain as people read it.
func (a Address) UnicodeDomain() string { return a.unicode }

// Provider is the registrable domain (Public Suffix List): mail.example.co.uk
// belongs to example.co.uk. Where the domain is itself a public suffix, the
// domain.
func (a Address) Provider() string {
	p, err := publicsuffix.EffectiveTLDPlusOne(a.domain)
	if err != nil {
		return a.domain
	}
	return p
}

// NeedsSMTPUTF8 reports whether only a relay that announces SMTPUTF8
// (RFC 6531) can take it: the local part has letters outside ASCII. A domain
// alone never needs it, it has an A-label.
func (a Address) NeedsSMTPUTF8() bool { return !isASCII(a.local) }

// Wire is the form for the envelope and the To field: the domain as A-label,
// the local part with its case.
func (a Address) Wire() string { return a.local + "@" + a.domain }

// Masked shows enough for its owner to know it and too little for anybody
// else: "na••@example.org". A local part of one or two letters shows one.
func (a Address) Masked() string {
	shown := 2
	if utf8.RuneCountInString(a.local) <= shown {
		shown = 1
	}
	head := a.local
	for i := range a.local {
		if shown == 0 {
			head = a.local[:i]
			break
		}
		shown--
	}
	return head + "••@" + a.unicode
}

// MaskedBeside is Masked with as many letters more as tell it from another address
// that looks the same when masked: "nadia.••@example.org" beside nadia@example.org.
func (a Address) MaskedBeside(other Address) string {
	if a.Masked() != other.Masked() {
		return a.Masked()
	}
	mine, others := []rune(a.local), []rune(other.local)
	shown := 0
	for shown < len(mine) && shown < len(others) && mine[shown] == others[shown] {
		shown++
	}
	if shown+1 >= len(mine) {
		return a.local + "@" + a.unicode
	}
	return string(mine[:shown+1]) + "••@" + a.unicode
}

// MarshalText gives the address as typed.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.typed), nil }

// UnmarshalText parses; errors are those of Parse.
func (a *Address) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

func toUnicode(domain string) string {
	u, err := idna.Display.ToUnicode(domain)
	if err != nil {
		return domain
	}
	return u
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
