package mailer

import (
	"html/template"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// paragraph is a whole paragraph of an article, before it is known what fits.
type paragraph struct {
	kind   string // as a passage's, or table: one that is left out, without pieces
	list   int    // the list that it stands in; 0: none
	words  int    // characters, less the blanks at the ends of pieces
	pieces []piece
}

// piece is some words of a paragraph or one tag.
type piece struct {
	tag  string
	text string // in the text part; of the end of a link: its address
	open int    // 1 begins a link or emphasis, -1 ends it
}

var lineBreak = piece{tag: "<br>", text: "\n"}

func (p paragraph) passage() passage {
	var markup, text strings.Builder
	for _, c := range p.pieces {
		if c.tag == "" {
			c.tag = html.EscapeString(c.text)
		}
		markup.WriteString(c.tag)
		text.WriteString(c.text)
	}
	b := passage{Kind: p.kind, HTML: template.HTML(strings.TrimSpace(markup.String())), Text: strings.TrimSpace(text.String())} //nolint:gosec // our tags
	if b.Kind == "li" {
		b.list = p.list
	}
	return b
}

// plain is the words alone, without the addresses of links.
func (p paragraph) plain() string {
	var b strings.Builder
	for _, c := range p.pieces {
		if c.open == 0 {
			b.WriteString(c.text)
		}
	}
	return b.String()
}

// paragraphs fails for what is nested too deeply.
func (e excerpter) paragraphs(source string) ([]paragraph, error) {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(e.policy.Sanitize(source)), body)
	if err != nil {
		return nil, err //nolint:wrapcheck // nobody reads it
	}
	g := &gatherer{kind: "p"}
	for _, n := range nodes {
		g.node(n)
	}
	g.flush()
	return g.done, nil
}

type gatherer struct {
	done        []paragraph
	now         paragraph // being written
	kind        string
	lists, list int  // how many lists began, and the outermost one around now
	open        int  // links and emphasis around now
	term        bool // now is a term that waits for what it means
	lines       bool // line ends are the author's
	struck      bool // something was struck out just now
}

func (g *gatherer) node(n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		g.textNode(n.Data)
		return
	case n.Type != html.ElementNode:
		return
	}
	switch n.DataAtom {
	case atom.P, atom.Div, atom.Section, atom.Article, atom.Hr, atom.Figure, atom.Caption, atom.Td, atom.Th, atom.Dd:
		g.block(n, g.kind)
	case atom.Figcaption:
		g.caption(n)
	case atom.Table:
		g.table(n)
	case atom.Ul, atom.Ol:
		g.inList(n, g.kind)
	case atom.Dl:
		g.inList(n, "li")
	case atom.Dt:
		g.flush()
		g.children(n)
		g.term = g.now.words > 0
	case atom.Li:
		g.block(n, "li")
	case atom.Blockquote:
		g.block(n, "quote")
	case atom.Pre:
		g.lines = true
		g.block(n, g.kind)
		g.lines = false
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		g.block(n, "h")
	case atom.Br:
		g.lineBreak()
	case atom.S, atom.Strike, atom.Del:
		g.struck = true
	case atom.Sup:
		g.small(n, superscript)
	case atom.Sub:
		g.small(n, subscript)
	case atom.Q:
		g.text(`"`)
		g.children(n)
		g.text(`"`)
	case atom.Strong, atom.B:
		g.inline(n, "<strong>", "</strong>", "")
	case atom.Em, atom.I:
		g.inline(n, "<em>", "</em>", "")
	case atom.A:
		g.link(n)
	default:
		g.children(n)
	}
}

func (g *gatherer) children(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		g.node(c)
	}
}

func (g *gatherer) block(n *html.Node, kind string) {
	if g.open > 0 {
		g.children(n)
		g.text(" ")
		return
	}
	if !g.term {
		g.flush()
	}
	outer := g.kind
	g.kind = kind
	g.children(n)
	g.flush()
	g.kind = outer
}

func (g *gatherer) inList(n *html.Node, kind string) {
	outer := g.list
	if outer == 0 {
		g.flush()
		g.lists++
		g.list = g.lists
	}
	g.block(n, kind)
	g.list = outer
}

func (g *gatherer) inline(n *html.Node, before, after, address string) {
	words, pieces := g.now.words, len(g.now.pieces)
	g.add(piece{tag: before, open: 1})
	g.open++
	g.children(n)
	g.open--
	if g.now.words == words { // a link around a picture
		g.now.pieces = g.now.pieces[:pieces]
		return
	}
	end := piece{tag: after, open: -1}
	if shown := (paragraph{pieces: g.now.pieces[pieces:]}).plain(); address != "" && shown != address {
		end.text = " <" + address + ">"
	}
	g.add(end)
}

func (g *gatherer) link(n *html.Node) {
	for _, a := range n.Attr {
		if target := webAddress(a.Val); a.Key == "href" && target != "" {
			g.inline(n, `<a href="`+html.EscapeString(target)+`" style="color:inherit">`, "</a>", target)
			return
		}
	}
	g.children(n)
}

var (
	superscript = strings.NewReplacer("0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹", "+", "⁺", "-", "⁻", "−", "⁻")
	subscript   = strings.NewReplacer("0", "₀", "1", "₁", "2", "₂", "3", "₃", "4", "₄", "5", "₅", "6", "₆", "7", "₇", "8", "₈", "9", "₉", "+", "₊", "-", "₋", "−", "₋")
)

// small writes a raised or lowered number with the characters that are: 10⁶ is no 106,
// in text as in HTML. Letters read the same where they stand, as in 5th.
func (g *gatherer) small(n *html.Node, digits *strings.Replacer) {
	for d := range n.Descendants() {
		if d.Type == html.TextNode && strings.Trim(d.Data, " 0123456789+-−") == "" {
			d.Data = digits.Replace(d.Data)
		}
	}
	g.children(n)
}

func (g *gatherer) textNode(s string) {
	if !g.lines {
		g.text(s)
		return
	}
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			g.lineBreak()
		}
		g.text(line)
	}
}

// text adds words, with one blank at either end where the source has some.
func (g *gatherer) text(s string) {
	if strings.TrimSpace(s) == "" && (g.now.words == 0 || g.term) {
		return
	}
	lead, tail := "", ""
	if strings.TrimLeft(s, " \t\r\n") != s && g.now.words > 0 && !strings.ContainsAny(g.before()[len(g.before())-1:], " \n") {
		lead = " "
	}
	if strings.TrimRight(s, " \t\r\n") != s {
		tail = " "
	}
	if s = cleanLine(s); s == "" {
		tail = ""
	}
	if g.struck && s != "" {
		lead = g.close(lead, s)
	}
	if g.term && s != "" {
		lead, g.term = ": ", false
	}
	if text := lead + s + tail; text != "" {
		g.add(piece{text: text})
		g.now.words += utf8.RuneCountInString(s)
	}
}

func (g *gatherer) lineBreak() {
	if g.now.words > 0 {
		g.add(lineBreak)
	}
}

// before is the text of the last piece that has some.
func (g *gatherer) before() string {
	for i := len(g.now.pieces) - 1; i >= 0; i-- {
		if text := g.now.pieces[i].text; text != "" {
			return text
		}
	}
	return ""
}

func (g *gatherer) add(c piece) { g.now.pieces = append(g.now.pieces, c) }

// flush ends a paragraph. One inside a link does not: the link stays whole.
func (g *gatherer) flush() {
	if g.open > 0 {
		return
	}
	for n := len(g.now.pieces); n > 0 && g.now.pieces[n-1] == lineBreak; n-- {
		g.now.pieces = g.now.pieces[:n-1]
	}
	if g.now.words > 0 {
		g.now.kind, g.now.list = g.kind, g.list
		g.done = append(g.done, g.now)
	}
	g.now, g.term, g.struck = paragraph{}, false, false
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
