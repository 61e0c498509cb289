package page

import (
	"net/url"
	"regexp"

	"golang.org/x/net/idna"
)

// sourceForm is an origin as a policy's source (CSP Level 3 section 2.3.1): what
// an address may hold beside that would begin another source or directive.
var sourceForm = regexp.MustCompile(`^https?://[a-z0-9.-]+(:[0-9]+)?$`)

// originOf is the origin of a picture elsewhere, as a policy's source; empty: the
// address is not of that kind, and no browser is asked to load it.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	host, err := idna.Lookup.ToASCII(u.Hostname())
	if err != nil {
		return ""
	}
	if port := u.Port(); port != "" {
		host += ":" + port
	}
	if origin := u.Scheme + "://" + host; sourceForm.MatchString(origin) {
		return origin
	}
	return ""
}
