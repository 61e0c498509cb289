package feed

import (
	"io"
	"slices"
	"strings"

	"github.com/mmcdole/gofeed"
	"github.com/mmcdole/gofeed/atom"
	"golang.org/x/net/html"
)

// Alternate is where the same piece stands in another language: a link with
// rel="alternate" and hreflang (HTML section 4.6.7.1, RFC 4287 section 4.2.7).
type Alternate struct {
	Language string // lower case, as the site says it
	URL      string // absolute
}

const (
	maxAlternates = 50
	maxHead       = 512 << 10 // octets of a page that are looked at
)

// addAlternate adds a language's address once. x-default names no language,
// and a link to the page itself no translation.
func addAlternate(list []Alternate, self, lang, href string, bases ...string) []Alternate {
	a := Alternate{Language: language(lang), URL: absolute(href, bases...)}
	if a.Language == "" || a.Language == "x-default" || a.URL == "" || CanonicalURL(a.URL) == CanonicalURL(self) ||
		len(list) == maxAlternates || slices.Contains(list, a) {
		return list
	}
	return append(list, a)
}

func isAlternate(rel string) bool {
	return slices.Contains(strings.Fields(strings.ToLower(rel)), "alternate")
}

// pageAlternates reads the links in a page's head.
func pageAlternates(r io.Reader, self string) []Alternate {
	var out []Alternate
	base := self
	z := html.NewTokenizer(io.LimitReader(r, maxHead))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			n := &html.Node{Attr: t.Attr}
			switch t.Data {
			case "body":
				return out
			case "base":
				if b := absolute(attr(n, "href"), self); b != "" {
					base = b
				}
			case "link":
				if isAlternate(attr(n, "rel")) {
					out = addAlternate(out, self, attr(n, "hreflang"), attr(n, "href"), base)
				}
			}
		}
	}
}

// hreflang begins the keys under which links of Atom entries are handed on: the
// parser's own form of an entry has no place for their language.
const hreflang = "hreflang "

// atomTranslator keeps what the parser's own leaves out: which language each
// link of an entry leads to.
type atomTranslator struct{ gofeed.DefaultAtomTranslator }

func (t *atomTranslator) Translate(raw any) (*gofeed.Feed, error) {
	f, err := t.DefaultAtomTranslator.Translate(raw)
	doc, ok := raw.(*atom.Feed)
	if err != nil || !ok || len(doc.Entries) != len(f.Items) {
		return f, err
	}
	for i, e := range doc.Entries {
		for _, l := range e.Links {
			if l == nil || l.Hreflang == "" || (l.Rel != "" && !isAlternate(l.Rel)) {
				continue
			}
			if f.Items[i].Custom == nil {
				f.Items[i].Custom = map[string]string{}
			}
			f.Items[i].Custom[hreflang+l.Hreflang] = l.Href
		}
	}
	return f, nil
}

// entryAlternates are the translations that a feed names: links of an Atom
// entry, or atom:link and xhtml:link in an item of RSS.
func entryAlternates(it *gofeed.Item, self, base string) []Alternate {
	var out []Alternate
	for key, href := range it.Custom {
		if lang, ok := strings.CutPrefix(key, hreflang); ok {
			out = addAlternate(out, self, lang, href, base)
		}
	}
	for _, space := range []string{"atom", "atom10", "xhtml"} {
		for _, l := range it.Extensions[space]["link"] {
			if isAlternate(l.Attrs["rel"]) {
				out = addAlternate(out, self, l.Attrs["hreflang"], l.Attrs["href"], base)
			}
		}
	}
	slices.SortFunc(out, func(a, b Alternate) int { return strings.Compare(a.Language+" "+a.URL, b.Language+" "+b.URL) })
	return out
}
