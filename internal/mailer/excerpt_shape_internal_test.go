package mailer

import (
	"strings"
	"testing"

	"vistka/internal/feed"
)

// excerptOf is the paragraphs of what a feed brings, in the text part and in HTML.
func excerptOf(source string) (text, markup string, cut bool) {
	blocks, cut := newExcerpter().excerpt(feed.Sanitize(source), 600, 1200)
	var x, h []string
	for _, b := range blocks {
		x, h = append(x, b.Kind+" "+b.Text), append(h, string(b.HTML))
	}
	return strings.Join(x, "|"), strings.Join(h, "|"), cut
}

// No two words become one where something stood between them.
func TestEveryShapeOfAnArticleReads(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"<h1>a</h1>b<h5>c</h5>d<h6>e</h6>f":    "h a|p b|h c|p d|h e|p f",
		"a<hr>b":                               "p a|p b",
		"<pre>one\n  two\n\nthree\n</pre>four": "p one\ntwo\n\nthree|p four",
		"<p>a</p><dl>\n<dt>Owner</dt>\n<dd>a <b>bank</b></dd>\n<dt>Since</dt><dd><p>1999</p></dd><dt>Alone</dt>\n</dl>b": "p a|li Owner: a bank|li Since: 1999|li Alone|p b",
		"<dl><dt>One</dt><dd>first</dd><dd>second</dd></dl>":                                                             "li One: first|li second",
		"<figure><img src=https://x.example/a.jpg><figcaption>Photo: AFP</figcaption></figure><p>Text":                   "p Text",
		"<figure><blockquote>Words.</blockquote><figcaption>A Sample Person</figcaption></figure><p>Text":                "quote Words.|p A Sample Person|p Text",
		"<table><tr><td>one</td></tr><tr><td><p>two</p><p>three</p></td></tr></table>four":                               "p one|p two|p three|p four",
		"<table><tr><td><img src=https://x.example/a.jpg></td><td>one</td></tr><tr><td></td><td>two</td></tr></table>":   "p one|p two",
		"<table><tr><td>one</td><td>two</td></tr></table>":                                                               "p one|p two",
		"10<sup>6</sup> of H<sub>2</sub>O, the 5<sup>th</sup>, 10<sup>−3</sup>":                                          "p 10⁶ of H₂O, the 5th, 10⁻³",
		"She said <q>so it <em>is</em></q>.":                                                                             `p She said "so it is".`,
	} {
		if got, _, cut := excerptOf(in); got != want || cut {
			t.Errorf("%q: cut %v, got\n%q, want\n%q", in, cut, got, want)
		}
	}
}

// A table of data is left out, and the excerpt ends where it stood: what follows it
// speaks of it. One that stands first is no reason to show nothing.
func TestATableOfDataIsLeftOut(t *testing.T) {
	t.Parallel()
	const table = "<table><thead><tr><th>Channel<th>Owner</tr></thead><tr><td>1+1</td><td>Kolomoisky</td></tr><tr><td>ICTV</td><td><p>Pinchuk</p></td></tr></table>"
	for in, want := range map[string]string{
		"<p>Who owns what:</p>" + table + "<p>So it is.</p>": "p Who owns what:\u00a0…",
		"<p>One.</p><h2>Owners</h2>" + table + "<p>Two.</p>": "p One.\u00a0…",
		table + "<p>One.</p><p>Two.</p>":                     "p One.|p Two.\u00a0…",
		"<h2>Owners</h2>" + table + "<p>One.</p>":            "h Owners|p One.\u00a0…",
		"<ul><li>one" + table + "</li></ul>":                 "li one|li …",
		table:                                                "",
	} {
		if got, _, cut := excerptOf(in); got != want || !cut {
			t.Errorf("%q: cut %v, got\n%q, want\n%q", in, cut, got, want)
		}
	}
	if got := newExcerpter().plainText("<p>One.</p>" + table + "<p>Two.</p>"); got != "One. Two." {
		t.Errorf("a summary is %q", got)
	}
}

// What is struck out is not mailed as if it stood.
func TestWhatIsStruckOutIsLeftOut(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Price: <s>10</s> 12":                              "Price: 12",
		"In <del>1999</del><ins>2001</ins> it began":       "In 2001 it began",
		"in<strike>1999</strike>2001":                      "in 2001",
		"of <s>this</s>, and <b>that <s>too</s></b>. Then": "of, and that. Then",
		"a, <del>b</del>, c (d, <s>e</s>)":                 "a, c (d)",
		"(<s>a</s>b)":                                      "(b)",
		"<s>a</s>b <s>c</s>":                               "b",
		"<ul><li><s>a</s></li><li>b</li></ul>":             "b",
		"<del><p>a</p></del><p>b</p>":                      "b",
		"<s>a":                                             "",
	} {
		e := newExcerpter()
		blocks, _ := e.excerpt(feed.Sanitize(in), 600, 1200)
		got := ""
		if len(blocks) > 0 {
			got = blocks[0].Text
		}
		if got != want || len(blocks) > 1 {
			t.Errorf("%q becomes %v, want %q", in, blocks, want)
		}
		for _, summary := range []string{e.plainText(in), feed.Text(in)} {
			if summary != want {
				t.Errorf("%q becomes the summary %q, want %q", in, summary, want)
			}
		}
	}
}
