package feed

import (
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// policy is what may stay of a stranger's HTML: text, its structure, links and
// pictures. No style, class, id, form, frame or embedded thing.
var policy = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "dl", "dt", "dd",
		"strong", "b", "em", "i", "u", "s", "strike", "del", "ins", "sub", "sup", "small", "mark", "code", "pre", "q", "cite", "abbr", "time",
		"figure", "figcaption", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "div", "span")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src", "alt", "width", "height").OnElements("img")
	p.AllowAttrs("colspan", "rowspan").Matching(bluemonday.Integer).OnElements("td", "th")
	p.AllowAttrs("lang").Matching(bluemonday.SpaceSeparatedTokens).Globally()
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowURLSchemes("http", "https", "mailto")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	return p
}()

// Sanitize keeps of s what is safe in a page or a mail. The result parses to the
// same tree however often it is parsed, and Sanitize of it is itself. Links that
// are not absolute are dropped.
func Sanitize(s string) string { return sanitizeAt(s, "") }

// maxPasses bounds the search for a stable form. Real HTML needs two.
const maxPasses = 5

// sanitizeAt also makes links and pictures absolute against the first base that
// serves, and takes off WordPress' footer. self is the entry's own address.
func sanitizeAt(s, self string, bases ...string) string {
	if s == "" {
		return ""
	}
	s = rewrite(s, func(root *html.Node) {
		absolutise(root, bases)
		dropMoreLinks(root)
	})
	s = policy.Sanitize(s)
	s = rewrite(s, func(root *html.Node) { dropFooter(root, self) })
	for range maxPasses {
		next := rewrite(policy.Sanitize(s), func(*html.Node) {})
		if next == s {
			return strings.TrimSpace(s)
		}
		s = next
	}
	return html.EscapeString(Text(s)) // never seen; a tree that will not settle is not shown
}

// rewrite parses a fragment, lets f change the tree, and writes it again. What
// cannot be parsed becomes nothing.
func rewrite(s string, f func(root *html.Node)) string {
	root := fragment(s)
	if root == nil {
		return ""
	}
	f(root)
	var b strings.Builder
	for c := root.FirstChild; c != nil; c = c.NextSibling {
		if err := html.Render(&b, c); err != nil {
			return ""
		}
	}
	return b.String()
}

func fragment(s string) *html.Node {
	root := &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div"}
	nodes, err := html.ParseFragment(strings.NewReader(s), &html.Node{Type: html.ElementNode, DataAtom: atom.Body, Data: "body"})
	if err != nil {
		return nil
	}
	for _, n := range nodes {
		root.AppendChild(n)
	}
	return root
}

// absolutise resolves href and src; what leads nowhere loses the attribute, a
// picture without an address that mail can show loses its element.
func absolutise(root *html.Node, bases []string) {
	var drop []*html.Node
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		kept := n.Attr[:0]
		for _, a := range n.Attr {
			switch {
			case n.DataAtom == atom.A && a.Key == "href" && !strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "mailto:"):
				a.Val = absolute(a.Val, bases...)
			case n.DataAtom == atom.Img && a.Key == "src":
				a.Val = absolute(a.Val, bases...)
			}
			if a.Val != "" || a.Key == "alt" {
				kept = append(kept, a)
			}
		}
		n.Attr = kept
		if n.DataAtom == atom.Img && attr(n, "src") == "" {
			drop = append(drop, n)
		}
	}
	for _, n := range drop {
		n.Parent.RemoveChild(n)
	}
}

// dropMoreLinks takes off "Continue reading": our mail has its own link.
func dropMoreLinks(root *html.Node) {
	var drop []*html.Node
	for n := range root.Descendants() {
		if n.DataAtom == atom.A && strings.Contains(" "+attr(n, "class")+" ", " more-link ") {
			drop = append(drop, n)
		}
	}
	for _, n := range drop {
		n.Parent.RemoveChild(n)
	}
}

// dropFooter takes off the paragraph "The post X appeared first on Y" that
// WordPress puts last, in whatever language: its only links are the article
// itself and then the front page of the same site.
func dropFooter(root *html.Node, self string) {
	last := root.LastChild
	for last != nil && last.Type == html.TextNode && strings.TrimSpace(last.Data) == "" {
		last = last.PrevSibling
	}
	if last == nil || last.DataAtom != atom.P || self == "" {
		return
	}
	var links []string
	for n := range last.Descendants() {
		if n.DataAtom == atom.A {
			links = append(links, CanonicalURL(attr(n, "href")))
		}
	}
	own := CanonicalURL(self)
	if len(links) == 2 && own != "" && links[0] == own && links[1] != own && strings.HasPrefix(own, links[1]+"/") {
		root.RemoveChild(last)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
