package feed

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mmcdole/gofeed"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Text is the readable text of HTML on one line, blocks parted by a space, without
// what is struck out and the captions of pictures.
func Text(s string) string {
	root := fragment(s)
	if root == nil {
		return ""
	}
	var b strings.Builder
	left := dropUnread(root)
	for n := range root.Descendants() {
		switch {
		case n.Type == html.TextNode:
			if p := n.Parent; p == nil || (p.DataAtom != atom.Script && p.DataAtom != atom.Style) {
				b.WriteString(n.Data)
			}
		case n.Type == html.ElementNode && !inline(n.DataAtom):
			b.WriteByte(' ')
		}
	}
	text := tidy(b.String())
	if left {
		text = apart.ReplaceAllString(text, "$1$2")
	}
	return text
}

// apart is a mark that stands off since something was taken out beside it.
var apart = regexp.MustCompile(`([(«“]) |,? ([,.;:!?)»”])`)

// dropUnread puts a blank for what is struck out, as newsrooms correct, and for
// captions, and tells whether there were any.
func dropUnread(root *html.Node) bool {
	var drop []*html.Node
	for n := range root.Descendants() {
		switch n.DataAtom {
		case atom.S, atom.Strike, atom.Del, atom.Figcaption:
			drop = append(drop, n)
		}
	}
	for _, n := range drop {
		n.Parent.InsertBefore(&html.Node{Type: html.TextNode, Data: " "}, n)
		n.Parent.RemoveChild(n)
	}
	return len(drop) > 0
}

func inline(a atom.Atom) bool {
	switch a {
	case atom.A, atom.B, atom.Strong, atom.I, atom.Em, atom.U, atom.Span, atom.Sub, atom.Sup, atom.Small,
		atom.Mark, atom.Code, atom.Q, atom.Cite, atom.Abbr, atom.Time, atom.Ins:
		return true
	}
	return false
}

var moreDots = regexp.MustCompile(`\s*(\[\s*(…|\.\.\.)\s*\]|\.\.\.)$`)

// Summary is the text of HTML, at most SummaryRunes, cut between words.
func Summary(s string) string {
	t := moreDots.ReplaceAllString(Text(s), "…")
	if t == "…" {
		return ""
	}
	if utf8.RuneCountInString(t) <= SummaryRunes {
		return t
	}
	cut := string([]rune(t)[:SummaryRunes-1])
	if i := strings.LastIndexFunc(cut, unicode.IsSpace); i > len(cut)/2 {
		cut = cut[:i]
	}
	return strings.TrimRightFunc(cut, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;:–—-", r) }) + "…"
}

var markup = regexp.MustCompile(`</?[a-zA-Z][^<>]*>|&(#[0-9]+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);`)

// plainTitle is a title as text: Atom titles arrive as HTML, RSS titles are
// often escaped twice. What only looks like code ("{{.}}", "a < b") is text.
func plainTitle(s string) string {
	if markup.MatchString(s) {
		if t := Text(s); t != "" {
			return t
		}
	}
	return tidy(s)
}

// tidy folds white space and drops control and direction-override characters,
// which could break a header or turn a line around.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\u00A0', r == '\u202F': // Ukrainian typography keeps these
			return r
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069', r == '\uFEFF', r == '\u00AD':
			return -1
		}
		return r
	}, s)
	var b strings.Builder
	for f := range strings.SplitSeq(s, " ") {
		if f == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(f)
	}
	return strings.Trim(b.String(), " \u00A0\u202F")
}

// picture is the entry's image and what it shows. Mail clients show no SVG and
// no data: addresses, so these are passed over.
func picture(it *gofeed.Item, content string, bases []string) (src, alt string) {
	usable := func(raw string) string {
		abs := absolute(raw, bases...)
		if u, err := url.Parse(abs); err != nil || strings.HasSuffix(strings.ToLower(u.Path), ".svg") {
			return ""
		}
		return abs
	}
	if it.Image != nil {
		src, alt = usable(it.Image.URL), plainTitle(it.Image.Title)
	}
	for _, key := range []string{"thumbnail", "content"} {
		for _, m := range it.Extensions["media"][key] {
			if src == "" && (key == "thumbnail" || m.Attrs["medium"] == "image" || strings.HasPrefix(m.Attrs["type"], "image/")) {
				src = usable(m.Attrs["url"])
			}
		}
	}
	if root := fragment(content); root != nil {
		for n := range root.Descendants() {
			if n.DataAtom != atom.Img || attr(n, "width") == "1" {
				continue
			}
			if src == "" {
				src = usable(attr(n, "src"))
			}
			if src != "" && attr(n, "src") == src {
				alt = plainTitle(attr(n, "alt"))
				break
			}
		}
	}
	return src, clip(alt, 500)
}
