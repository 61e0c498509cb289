package mailer

import (
	"strings"
	"testing"
)

// What is left out is left out where a reader would stop, and said: after a whole
// paragraph, list or sentence, never behind a heading or in the middle of a point.
func TestExcerptEndsWhereOneStops(t *testing.T) {
	t.Parallel()
	e := newExcerpter()
	long, rest := strings.Repeat("word ", 9), strings.Repeat("<p>"+strings.Repeat("more ", 50)+"</p>", 3)
	point := func(s string) string { return "<li>" + s + "</li>" }
	for name, c := range map[string]struct{ in, want string }{
		"a paragraph":               {"<p>" + long + "end.</p>" + rest, long + "end.\u00a0…"},
		"a question":                {"<p>" + long + "end?</p>" + rest, long + "end?\u00a0…"},
		"a list that ends in time":  {"<p>" + long[:34] + "</p><ul>" + point("one;") + point("two;") + point("three.") + "</ul>" + rest, long[:34] + "|one;|two;|three.|…"},
		"a list that is too long":   {"<ul>" + strings.Repeat(point("one point more;"), 9) + "</ul>", strings.Repeat("one point more;|", 5) + "…"},
		"a list within a list":      {"<ol><li>a<ul>" + strings.Repeat(point("one point more;"), 9) + "</ul></li></ol>", "a|" + strings.Repeat("one point more;|", 5) + "…"},
		"what a colon announces":    {"<p>" + long + "these:</p><ul>" + point("one;") + point("two.") + "</ul>" + rest, long + "these:|one;|two.|…"},
		"a heading":                 {"<p>" + long + "end.</p><h2>Next</h2>" + rest, long + "end.\u00a0…"},
		"a heading of nothing":      {"<p>" + long[:35] + "</p><h2>" + long[:40] + "</h2>" + rest, strings.TrimSpace(long[:35]) + "\u00a0…"},
		"a quotation":               {"<blockquote>" + long + "end.</blockquote>" + rest, long + "end.|…"},
		"a sentence":                {"<p>" + long + "<b>end</b> here. And " + long + long + "</p>", long + "end here.\u00a0…"},
		"a sentence and a link":     {"<p>" + long + "ends “here”. <a href=https://x.example/>" + "And " + long + long + "</a></p>", long + "ends “here”.\u00a0…"},
		"a long link":               {"<p><a href=https://x.example/>" + long + long + "</a></p>", strings.Repeat("word ", 14) + "word… <https://x.example/>"},
		"a sentence and a line":     {"<p>" + long + "ends here.<br>" + "And " + long + long + "</p>", long + "ends here.\u00a0…"},
		"an abbreviation":           {"<p>" + long + "вул. Зразкова " + long + long + "</p>", long + "вул. Зразкова word word word word…"},
		"a sentence that is not it": {"<p>Short. " + long + long + "</p>", "Short. " + strings.TrimSpace(long) + " word word word word word…"},
		"an ellipsis of its own":    {"<p>" + long + "and…</p>" + rest, long + "and…"},
		"nothing left out":          {"<p>" + long + "end.</p>", long + "end."},
	} {
		blocks, cut := e.excerpt(c.in, 40, 80)
		var text []string
		for _, b := range blocks {
			text = append(text, b.Text)
		}
		if got := strings.Join(text, "|"); got != c.want || cut != (name != "nothing left out") {
			t.Errorf("%s: cut %v, got\n%q, want\n%q", name, cut, got, c.want)
		}
	}
}

// The points of a list that a summary holds stay apart in its one line.
func TestPointsOfASummaryStayApart(t *testing.T) {
	t.Parallel()
	e := newExcerpter()
	for in, want := range map[string]string{
		"<ul><li>one</li><li>two</li></ul>":                          "one; two",
		"<p>These:</p><ul><li>one;</li>\n<li>two.</li></ul>":         "These: one; two.",
		"<ul><li><p>one</p>\n</li> <li class=x><b>два</b></li></ul>": "one; два",
		"<ul><li></li><li>one?</li><li>two &amp; more</li></ul>":     "one? two & more",
	} {
		if got := e.plainText(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestASummaryEndsBehindASentence(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"It fits. As it is.":                     "It fits. As it is.",
		"Somebody told us more of it than that.": "Somebody told us…",
		"Somebody told. And more of it.":         "Somebody told.\u00a0…",
		"Yes? More was told to somebody.":        "Yes? More was told…",
	} {
		if got := shortenText(in, 20); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestAnAbbreviationEndsNoSentence(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"about the war.": true, "at ten to six.": true, "of 12.": true, "she said no.": true, "(it was so.)": true, "«Так і було».": true, "Про це всі.": true, "п’ять.": true,
		"і т. д.": false, "і т. п.": false, "ім.": false, "Вул.": false, "м.": false, "2019–2021 рр.": false, "див.": false, "5 млн.": false, "проф.": false,
		"Mr.": false, "St.": false, "(No.": false, "vs.": false, "e.g.": false, "i.e.": false, "etc.": false, "Inc.": false, "the U.S.": false, "J. R.": false, "nothing": false, "": false, ".": true,
	} {
		if got := endsSentence(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}
