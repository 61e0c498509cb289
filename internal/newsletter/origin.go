package newsletter

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// OriginAllowed reports whether origin, as a browser sends it (RFC 6454
// section 7), is one of the newsletter's sites. "null" and the empty string
// never are.
func (n Newsletter) OriginAllowed(origin string) bool {
	canonical, ok := canonicalOrigin(origin)
	return ok && slices.Contains(n.Origins, canonical)
}

// ReturnAllowed reports whether address is a page on one of the newsletter's
// sites, so that a reader may be sent back to it. It is parsed once and taken
// only in a spelling that every browser reads alike.
func (n Newsletter) ReturnAllowed(address string) bool {
	if hasUnseen(address, "") || strings.ContainsAny(address, "\\ ") {
		return false
	}
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Opaque != "" || u.Host == "" {
		return false
	}
	return n.OriginAllowed(u.Scheme + "://" + u.Host)
}

// canonicalOrigin is scheme://host[:port] in lower case, the host as A-label,
// without the scheme's own port.
func canonicalOrigin(s string) (string, bool) {
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery ||
		strings.HasSuffix(s, "#") || strings.HasSuffix(s, ":") {
		return "", false
	}
	scheme, host, port := strings.ToLower(u.Scheme), u.Hostname(), u.Port()
	if scheme != "http" && scheme != "https" || host == "" {
		return "", false
	}
	if strings.Contains(host, ":") {
		host = "[" + strings.ToLower(host) + "]"
	} else if host, err = idna.Lookup.ToASCII(host); err != nil {
		return "", false
	}
	if port == "" || scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		return scheme + "://" + host, true
	}
	return scheme + "://" + host + ":" + port, true
}

// sourceForm is an origin as a page's policy can name it (CSP Level 3 section
// 2.3.1): what an address may hold beside that would begin another source or directive.
var sourceForm = regexp.MustCompile(`^https?://[a-z0-9.-]+(:[0-9]+)?$`)

// PictureOrigin is the origin of a picture elsewhere, as a page's policy names it;
// empty: it cannot, and no browser is to be asked to load the picture.
func PictureOrigin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	if origin, ok := canonicalOrigin(u.Scheme + "://" + u.Host); ok && sourceForm.MatchString(origin) {
		return origin
	}
	return ""
}
