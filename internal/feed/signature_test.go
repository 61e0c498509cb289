package feed

import (
	"strings"
	"testing"
)

func TestWordPressSignsItsItemsInVain(t *testing.T) {
	t.Parallel()
	const link = `<a href="https://desk.example/harbour/">Harbour</a>`
	for name, c := range map[string]struct{ description, content, summary, html string }{
		"English": {
			"<p>Short. [&#8230;]</p>\n<p>The post " + link + ` appeared first on <a href="https://desk.example">Desk</a>.</p>`,
			"<p>Short.</p>\n<p>More.</p>\n<p>The post " + link + ` appeared first on <a href="https://desk.example">Desk</a>.</p>`,
			"Short.…", "<p>Short.</p>\n<p>More.</p>",
		},
		"Ukrainian": {
			"<p>Коротко.</p>\n<p>Допис " + link + " спочатку з&#8217;явився на Desk.</p>", "", "Коротко.", "<p>Коротко.</p>",
		},
		"text": {"Short. The post Harbour appeared first on Desk.", "", "Short.", "Short."},
		"in the middle": {
			"", "<p>The post appeared first on Monday.</p><p>More.</p>",
			"The post appeared first on Monday. More.", "<p>The post appeared first on Monday.</p><p>More.</p>",
		},
	} {
		cdata := func(s string) string { return "<![CDATA[" + s + "]]>" }
		body := `<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><item><title>T</title><description>` +
			cdata(c.description) + "</description><content:encoded>" + cdata(c.content) + "</content:encoded></item></channel></rss>"
		d, err := Parse([]byte(body), "", "https://desk.example/feed")
		if err != nil {
			t.Fatal(err)
		}
		if e := d.Entries[0]; e.Summary != c.summary || strings.TrimSpace(e.ContentHTML) != c.html {
			t.Errorf("%s: %q and %q", name, e.Summary, e.ContentHTML)
		}
	}
}
