package feed

import (
	"regexp"
	"strings"
)

// WordPress ends every item of its feed, summary and text alike, with a line
// that names the item and the site once more, in the site's language.
var (
	signatureStart = regexp.MustCompile(`(?:<p[^<>]*>\s*|^|\s)(?:The post|Допис|Запис)\s`)
	signatureVerb  = regexp.MustCompile(`\s(?:appeared first on|(?:спочатку|спершу|вперше) з(?:['’ʼ]|&#0?39;|&#8217;|&rsquo;)явився на)\s`)
)

// maxSignature is in octets: two links and a title.
const maxSignature = 4000

// withoutSignature takes WordPress' last line off HTML or text.
func withoutSignature(s string) string {
	verbs := signatureVerb.FindAllStringIndex(s, -1)
	if len(verbs) == 0 {
		return s
	}
	verb := verbs[len(verbs)-1]
	rest := strings.TrimSuffix(strings.TrimSpace(s[verb[1]:]), "</p>")
	if strings.Contains(rest, "</p>") {
		return s // the article goes on: these are its own words
	}
	from := max(0, verb[0]-maxSignature)
	starts := signatureStart.FindAllStringIndex(s[from:verb[0]], -1)
	if len(starts) == 0 {
		return s
	}
	return strings.TrimSpace(s[:from+starts[len(starts)-1][0]])
}
