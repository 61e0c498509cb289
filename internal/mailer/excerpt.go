package mailer

import (
	"html/template"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
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
	p.AllowElements("p", "div", "br", "strong", "b", "em", "i", "ul", "ol", "li", "blockquote", "h2", "h3", "h4", "section", "article")
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
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(e.policy.Sanitize(source)), body)
	if err != nil { // nested too deeply to be an article
		if text := plainText(e.strict, source); text != "" {
			short := shorten(text, enough)
			return []passage{{Kind: "p", HTML: template.HTML(html.EscapeString(short)), Text: short}}, true //nolint:gosec // escaped
		}
		return nil, cut
	}
	w := &excerptWriter{enough: enough, most: most, kind: "p"}
	for _, n := range nodes {
		w.node(n)
	}
	w.flush()
	w.end(cut || w.cut)
	for i := range w.blocks {
		w.blocks[i].Last = w.blocks[i].Kind == "li" && (i+1 == len(w.blocks) || w.blocks[i+1].Kind != "li")
	}
	return w.blocks, cut || w.cut
}

type excerptWriter struct {
	blocks       []passage
	kind         string
	html, text   strings.Builder
	enough, most int
	count        int   // characters so far
	open         int   // inline elements around what is written now
	lists, list  int   // how many lists began, and the outermost one that is written now
	cut          bool  // something was left out
	cutIn        int   // the list that it is of
	torn         bool  // it is the rest of the paragraph that is written now
	whole        point // where its last whole sentence ends
	said         bool  // the last paragraph says itself that more follows
}

func (w *excerptWriter) node(n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		w.write(n.Data)
		return
	case n.Type != html.ElementNode:
		return
	}
	switch n.DataAtom {
	case atom.P, atom.Div, atom.Section, atom.Article:
		w.block(n, w.kind)
	case atom.Ul, atom.Ol:
		outer := w.list
		if outer == 0 {
			w.lists++
			w.list = w.lists
		}
		w.block(n, w.kind)
		w.list = outer
	case atom.Li:
		w.block(n, "li")
	case atom.Blockquote:
		w.block(n, "quote")
	case atom.H2, atom.H3, atom.H4:
		w.block(n, "h")
	case atom.Br:
		if w.text.Len() > 0 {
			w.sentence()
			w.html.WriteString("<br>")
			w.text.WriteString("\n")
		}
	case atom.Strong, atom.B:
		w.inline(n, "<strong>", "</strong>")
	case atom.Em, atom.I:
		w.inline(n, "<em>", "</em>")
	case atom.A:
		w.link(n)
	default:
		w.children(n)
	}
}

func (w *excerptWriter) children(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.node(c)
	}
}

func (w *excerptWriter) block(n *html.Node, kind string) {
	if w.open > 0 { // a paragraph inside a link: the link stays whole
		w.children(n)
		w.write(" ")
		return
	}
	w.flush()
	outer := w.kind
	w.kind = kind
	w.children(n)
	w.flush()
	w.kind = outer
}

func (w *excerptWriter) inline(n *html.Node, before, after string) {
	if strings.HasSuffix(w.text.String(), " ") {
		w.sentence()
	}
	w.html.WriteString(before)
	w.open++
	w.children(n)
	w.open--
	w.html.WriteString(after)
}

func (w *excerptWriter) link(n *html.Node) {
	target := ""
	for _, a := range n.Attr {
		if a.Key == "href" {
			target = webAddress(a.Val)
		}
	}
	if target == "" || w.cut {
		w.children(n)
		return
	}
	before := w.text.Len()
	w.inline(n, `<a href="`+html.EscapeString(target)+`" style="color:inherit">`, "</a>")
	if shown := w.text.String()[before:]; strings.TrimSpace(shown) != "" && shown != target {
		w.text.WriteString(" <" + target + ">")
	}
}

// write adds text as far as there is room for it.
func (w *excerptWriter) write(s string) {
	if strings.TrimSpace(s) == "" && w.text.Len() == 0 {
		return
	}
	if !w.cut && w.text.Len() == 0 && w.full() {
		w.cut, w.cutIn = true, w.list
	}
	if w.cut {
		return
	}
	lead, tail := "", ""
	if strings.TrimLeft(s, " \t\r\n") != s {
		lead = " "
	}
	if strings.TrimRight(s, " \t\r\n") != s {
		tail = " "
	}
	s = cleanLine(s)
	if lead != "" && beginsSentence(s) {
		w.sentence()
	}
	if room := w.most - w.count; utf8.RuneCountInString(s) > room {
		s, tail, w.cut, w.cutIn, w.torn = shorten(s, max(room, 2)), "", true, w.list, true
	}
	w.count += utf8.RuneCountInString(s)
	if s == "" {
		lead, tail = " ", ""
	}
	if i := lastSentence(s); i > 0 && w.open == 0 {
		w.whole = point{w.html.Len() + len(html.EscapeString(lead+s[:i])), w.text.Len() + len(lead+s[:i])}
	}
	w.html.WriteString(html.EscapeString(lead + s + tail))
	w.text.WriteString(lead + s + tail)
}

func (w *excerptWriter) flush() {
	markup, text := w.html.String(), w.text.String()
	switch {
	case !w.torn:
	case w.list > 0 && w.last().list == w.list: // see end
		markup, text = "", ""
	case w.whole.text*2 > len(text):
		markup, text = strings.TrimSpace(markup[:w.whole.html])+andMore, strings.TrimSpace(text[:w.whole.text])+andMore
	}
	if text = strings.TrimSpace(text); text != "" {
		b := passage{Kind: w.kind, HTML: template.HTML(strings.TrimSpace(markup)), Text: text} //nolint:gosec // written above
		if b.Kind == "li" {
			b.list = w.list
		}
		w.said = w.torn
		w.blocks = append(w.blocks, b)
	}
	w.html.Reset()
	w.text.Reset()
	w.torn, w.whole = false, point{}
}

// webAddress returns an absolute http or https address as it may stand in a
// link, or nothing.
func webAddress(raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return ""
	}
	s := u.String()
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || invisible(r) }) {
		return ""
	}
	return s
}
