package emailaddr

import (
	"slices"
	"strings"
)

// popular are the domains that most readers' addresses lie in; a slip of the
// keyboard near one of them is more likely than a domain of that name.
var popular = []string{
	"gmail.com", "ukr.net", "i.ua", "meta.ua", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com", "live.com",
	"proton.me", "protonmail.com", "bigmir.net", "gmx.de", "web.de", "googlemail.com", "me.com", "msn.com", "aol.com",
	"hotmail.co.uk", "yahoo.co.uk", "btinternet.com", "hotmail.fr", "yahoo.fr", "orange.fr", "free.fr", "wp.pl", "o2.pl",
	"onet.pl", "interia.pl", "seznam.cz", "libero.it", "tutanota.com", "fastmail.com", "zoho.com", "t-online.de", "gmx.net",
}

// genuine lie one or two slips from a popular one and are providers themselves:
// whoever types one of them means it.
var genuine = map[string]bool{
	"mail.com": true, "email.com": true, "ymail.com": true, "email.ua": true, "ua.fm": true, "gmx.com": true, "gmx.at": true,
	"gmx.ch": true, "hotmail.it": true, "hotmail.es": true, "hotmail.de": true, "yahoo.de": true, "yahoo.it": true,
	"yahoo.es": true, "live.fr": true, "live.co.uk": true, "live.nl": true, "outlook.fr": true, "outlook.de": true,
	"mac.com": true, "pm.me": true, "op.pl": true, "vp.pl": true, "poczta.pl": true, "tuta.com": true, "tuta.io": true,
	"home.pl": true, "tlen.pl": true, "gazeta.pl": true, "e-mail.ua": true, "3g.ua": true, "hey.com": true,
	"duck.com": true, "inbox.lv": true, "centrum.cz": true, "email.cz": true, "post.cz": true, "volny.cz": true,
	"fastmail.fm": true, "zoho.eu": true, "fmail.com": true, "mail.de": true, "freenet.de": true,
	"online.ua": true, "ukrpost.ua": true, "mail.ua": true, "yahoo.ca": true, "hotmail.ca": true, "qmail.com": true,
}

// Popular reports whether a domain (A-label) is of a provider where many people
// have their mailbox, so that mails to it are no sign that somebody is flooded.
func Popular(domain string) bool { return genuine[domain] || slices.Contains(popular, domain) }

// Suggest offers the address with a popular domain in place of one that looks
// like a slip of it: gmail.co, gmial.com, ukr.ney. It is offered to a person,
// never applied. The second result is false when there is nothing to offer.
func Suggest(a Address) (string, bool) {
	if a.IsZero() || genuine[a.domain] {
		return "", false
	}
	best, distance := "", 3
	for _, p := range popular {
		if p == a.domain {
			return "", false
		}
		limit := 2
		if len(p) <= 8 { // two slips turn a short name into any other
			limit = 1
		}
		if d := editDistance(a.domain, p, limit); d <= limit && d < distance {
			best, distance = p, d
		}
	}
	// Two letters and a country are a name of their own more often than a slip.
	if best == "" || strings.IndexByte(a.domain, '.') <= 2 && len(best) <= 5 {
		return "", false
	}
	return a.local + "@" + best, true
}

// editDistance is the optimal string alignment distance (insert, delete,
// replace, swap neighbours); anything above limit is returned as limit+1.
func editDistance(a, b string, limit int) int {
	if abs(len(a)-len(b)) > limit {
		return limit + 1
	}
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return min(prev[len(b)], limit+1)
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
