package feed

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// tracking names query parameters that say where a reader came from and never
// what is shown.
var tracking = []string{
	"fbclid", "gclid", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "ysclid", "igshid", "igsh", "mc_cid", "mc_eid",
	"_ga", "_gl", "mkt_tok", "ref_src", "twclid", "ttclid", "oly_anon_id", "oly_enc_id", "vero_id", "wt_mc", "_openstat",
}

// CanonicalURL folds the spellings of one address to one key: https, lower-case
// A-label host without www., no default port, user or fragment, no tracking
// parameters, the others sorted, no trailing slash. Returns "" for what is not
// an http(s) address. It is a key to compare by, not an address to open.
func CanonicalURL(raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || (!strings.EqualFold(u.Scheme, "http") && !strings.EqualFold(u.Scheme, "https")) {
		return ""
	}
	host := strings.TrimRight(strings.ToLower(u.Hostname()), ".")
	if a, err := idna.Lookup.ToASCII(host); err == nil {
		host = a
	}
	for strings.HasPrefix(host, "www.") && strings.Contains(host[4:], ".") {
		host = host[4:]
	}
	if host == "" {
		return ""
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if p := u.Port(); p != "" && p != "80" && p != "443" {
		host += ":" + p
	}
	path := strings.TrimRight((&url.URL{Path: u.Path}).EscapedPath(), "/")
	out := "https://" + host + path
	if q := meaningful(u.RawQuery); q != "" {
		out += "?" + q
	}
	return out
}

// meaningful is the query without tracking, sorted, its pairs as they came.
func meaningful(raw string) string {
	var keep []string
	for pair := range strings.SplitSeq(raw, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if n, err := url.QueryUnescape(name); err == nil {
			name = n
		}
		name = strings.ToLower(name)
		if pair == "" || strings.HasPrefix(name, "utm_") || strings.HasPrefix(name, "at_") || slices.Contains(tracking, name) {
			continue
		}
		keep = append(keep, pair)
	}
	slices.Sort(keep)
	return strings.Join(keep, "&")
}
