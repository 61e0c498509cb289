package mailer

import (
	"html/template"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// passage is one paragraph of an article, in both forms of the mail.
type passage struct {
	Kind string // p, h, li or quote
	HTML template.HTML
	Text string
	Last bool // the last point of a list
	list int  // which list of the article a point is of; 0: it is none
}

const maxContent = 256 << 10 // octets of an article that are looked at

// excerpter takes the first paragraphs of an article. Its policy lets through
// what it knows how to write again; it writes every tag and attribute itself.
type excerpter struct {
	policy *bluemonday.Policy
	strict *bluemonday.Policy
}

func newExcerpter() excerpter {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "div", "br", "hr", "strong", "b", "em", "i", "s", "strike", "del", "sup", "sub", "q", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "section", "article",
		"h1", "h2", "h3", "h4", "h5", "h6", "figure", "figcaption", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.RequireParseableURLs(true)
	return excerpter{policy: p, strict: bluemonday.StrictPolicy()}
}

// excerpt returns paragraphs until enough characters are reached, none beyond
// most, and whether something was left out: it then ends with an ellipsis, after a
// whole paragraph, list or sentence where it can.
func (e excerpter) excerpt(source string, enough, most int) (blocks []passage, cut bool) {
	if len(source) > maxContent {
		source, cut = strings.ToValidUTF8(source[:maxContent], ""), true
	}
	all, err := e.paragraphs(source)
	if err != nil { // nested too deeply to be an article
		if text := e.plainText(source); text != "" {
			short := shorten(text, enough)
			return []passage{{Kind: "p", HTML: template.HTML(html.EscapeString(short)), Text: short}}, true //nolint:gosec // escaped
		}
		return nil, cut
	}
	blocks, cut = fit(all, enough, most, cut)
	for i := range blocks {
		blocks[i].Last = blocks[i].Kind == "li" && (i+1 == len(blocks) || blocks[i+1].Kind != "li")
	}
	return blocks, cut
}

// plainText takes every tag off and makes one line of what is left,
// the points of a list with a semicolon between them.
func (e excerpter) plainText(s string) string {
	if !strings.ContainsAny(s, "<&") {
		return cleanLine(s)
	}
	all, err := e.paragraphs(s)
	if err != nil {
		return cleanLine(html.UnescapeString(e.strict.Sanitize(strings.ReplaceAll(s, "<", " <"))))
	}
	line, list := "", 0
	for _, p := range all {
		if line != "" && p.list > 0 && p.list == list && !strings.ContainsAny(line[len(line)-1:], ".,;:!?") && !strings.HasSuffix(line, "…") {
			line += ";"
		}
		line, list = strings.TrimSpace(line+" "+p.plain()), p.list
	}
	return cleanLine(line)
}
