package mailer

import (
	"html/template"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"pgregory.net/rapid"

	"vistka/internal/colour"
)

func TestExcerpt(t *testing.T) {
	t.Parallel()
	e := newExcerpter()
	for _, c := range []struct{ in, html, text string }{
		{"<p>One</p><p>Two</p>", "One|Two", "One|Two"},
		{"plain words", "plain words", "plain words"},
		{"<p>a <b>bold</b> <a href='https://x.example/?a=1&amp;b=2' onclick=x>link</a></p>", `a <strong>bold</strong> <a href="https://x.example/?a=1&amp;b=2" style="color:inherit">link</a>`, "a bold link <https://x.example/?a=1&b=2>"},
		{"<p><a href='javascript:alert(1)'>x</a><a href='/rel'>y</a></p>", "xy", "xy"},
		{"<script>bad()</script><style>p{}</style><p onclick=a>ok</p><iframe src=x></iframe>", "ok", "ok"},
		{"<p>1 &lt; 2 &amp; 3</p>", "1 &lt; 2 &amp; 3", "1 < 2 & 3"},
		{"<ul><li>a</li><li><p>b</p></li></ul>", "a|b", "a|b"},
		{"<p>one<br>two</p>", "one<br>two", "one\ntwo"},
		{"<p> </p><p>\u00a0</p><p>x</p>", "x", "x"},
		{"<!--[if mso]><b>y</b><![endif]--><p>x</p>", "x", "x"},
		{"", "", ""},
	} {
		blocks, cut := e.excerpt(c.in, 900, 1800)
		var h, x []string
		for _, b := range blocks {
			h, x = append(h, string(b.HTML)), append(x, b.Text)
		}
		if strings.Join(h, "|") != c.html || strings.Join(x, "|") != c.text || cut {
			t.Errorf("%q: got %q and %q, cut %v", c.in, h, x, cut)
		}
	}
}

func TestExcerptIsCutAtAParagraph(t *testing.T) {
	t.Parallel()
	e := newExcerpter()
	blocks, cut := e.excerpt(strings.Repeat("<p>"+strings.Repeat("word ", 30)+"</p>", 20), 400, 1800)
	if len(blocks) != 3 || !cut || !strings.HasSuffix(blocks[2].Text, "word\u00a0…") {
		t.Errorf("%d paragraphs, cut %v", len(blocks), cut)
	}
	blocks, cut = e.excerpt("<p>"+strings.Repeat("word ", 3000)+"</p>", 400, 1800)
	if n := utf8.RuneCountInString(blocks[0].Text); len(blocks) != 1 || !cut || n > 1800 || !strings.HasSuffix(blocks[0].Text, "word…") {
		t.Errorf("%d paragraphs of %d characters, cut %v", len(blocks), n, cut)
	}
}

// Whatever comes in, nothing but what the excerpt writes goes out.
func TestF13ExcerptWritesOnlyItsOwnTags(t *testing.T) {
	t.Parallel()
	e := newExcerpter()
	piece := rapid.SampledFrom([]string{
		"<p>", "</p>", "<a href=\"https://x.example/\">", "</a>", "<svg onload=a>", "<math><mtext>", "<style>", "</style>", "<script>", "</script>", "<!--", "-->", "<![endif]-->",
		"<img src=x onerror=y>", "text ", "&lt;script&gt;", "\"", "'", "<b", ">", "<table><tr><td>", "<td>", "<tr>", "<dl><dt>", "<dd>", "<pre>", "\n", "<s>", "</s>", "<figure><figcaption>", "<ul><li>", "<blockquote>", "<noscript>", "<template>", "\x00", "щ", "<a href='java\nscript:x'>",
	})
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(rapid.SliceOfN(piece, 0, 60).Draw(t, "pieces"), "")
		most := rapid.SampledFrom([]int{20, 200, 1800}).Draw(t, "most")
		blocks, cut := e.excerpt(in, most/2, most)
		if len(blocks) > 0 && cut != strings.Contains(blocks[len(blocks)-1].Text, "…") {
			t.Fatalf("%q: cut %v, and ends with %q", in, cut, blocks[len(blocks)-1].Text)
		}
		for _, b := range blocks {
			nodes, err := html.ParseFragment(strings.NewReader(string(b.HTML)), &html.Node{Type: html.ElementNode, Data: "p", DataAtom: atom.P})
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range nodes {
				for d := range n.Descendants() {
					ours(t, d, in)
				}
				ours(t, n, in)
			}
		}
	})
}

func ours(t *rapid.T, n *html.Node, in string) {
	switch {
	case n.Type == html.TextNode, n.DataAtom == atom.Br, n.DataAtom == atom.Strong, n.DataAtom == atom.Em:
		return
	case n.DataAtom == atom.A && len(n.Attr) == 2 && strings.HasPrefix(n.Attr[0].Val, "https://x.example"):
		return
	}
	t.Fatalf("%q let %q through", in, n.Data)
}

func TestI6AccentAlwaysReads(t *testing.T) {
	t.Parallel()
	reads := func(t rapid.TB, text, ground template.CSS) {
		a, _ := colour.Parse(string(text))
		b, _ := colour.Parse(string(ground))
		if got := colour.Contrast(a, b); got < colour.Enough {
			t.Fatalf("%s on %s: %.2f", text, ground, got)
		}
	}
	light, dark := template.CSS(colour.Paper.String()), template.CSS(colour.PaperDark.String())
	rapid.Check(t, func(t *rapid.T) {
		l := newLook(rapid.StringMatching(`#[0-9a-f]{6}`).Draw(t, "accent"))
		reads(t, l.Accent, light)
		reads(t, l.AccentDark, dark)
		reads(t, l.OnAccent, l.Accent)
		reads(t, l.OnAccentDark, l.AccentDark)
	})
	for _, words := range []template.CSS{"#1f1b16", "#645c50"} { // .ink and .dim of the mails' layout
		reads(t, words, light)
	}
	for _, words := range []template.CSS{"#ece6da", "#b0a797"} {
		reads(t, words, dark)
	}
	if string(newLook("red").Accent) != colour.Default.String() {
		t.Error("a colour that is none is not the default")
	}
}
