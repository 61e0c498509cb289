package feed

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// forbidden says what of a fragment must never have stayed, by the tree that a
// browser would build, not by the text.
func forbidden(s string) string {
	root := fragment(s)
	if root == nil {
		return "unreadable"
	}
	for n := range root.Descendants() {
		switch n.Type {
		case html.CommentNode:
			return "comment"
		case html.ElementNode:
			switch n.Data {
			case "script", "style", "form", "iframe", "object", "embed", "base", "meta", "link", "input", "button", "svg", "math",
				"template", "noscript", "textarea", "title", "video", "audio", "frame", "frameset", "applet":
				return n.Data
			}
			for _, a := range n.Attr {
				v := strings.ToLower(strings.Join(strings.Fields(a.Val), ""))
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcset" || a.Key == "class" || a.Key == "id" ||
					((a.Key == "href" || a.Key == "src") && !strings.HasPrefix(v, "https://") && !strings.HasPrefix(v, "http://") && !strings.HasPrefix(v, "mailto:")) {
					return n.Data + " " + a.Key + "=" + a.Val
				}
			}
		}
	}
	return ""
}

var payloads = []string{
	`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `<a href="javascript:alert(1)">x</a>`, `<a href=" java&#10;script:alert(1)">x</a>`,
	`<a href="vbscript:x">x</a>`, `<a href="data:text/html,x">x</a>`, `<img src="data:image/png;base64,AA">`, `<svg><script>alert(1)</script></svg>`,
	`<math><mi><mglyph><style><img src=x onerror=alert(1)></style></mglyph></mi></math>`, `<iframe src="https://x.example/"></iframe>`,
	`<form action="https://x.example/"><input name=q></form>`, `<style>p{background:url(x)}</style>`, `<p style="position:fixed">x</p>`,
	`<!--[if mso]><script>x</script><![endif]-->`, `<base href="https://x.example/">`, `<meta http-equiv=refresh content="0;url=x">`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>`, `<p title="--><script>x</script>">`,
	`<table><td><table><a><td></a><p>`, `<a href="https://x.example/"><a href="https://y.example/">nested</a></a>`, `<b><p>x</b></p>`,
	`<select><template><style><!--</style><a rel="--></style></template></select><img src onerror=alert(1)>">`,
	`<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`, `<li><ul></li></ul><dt><dd><p><h1></p>`,
	`<a href="//x.example/a">x</a>`, `<img srcset="x 1x" src="https://x.example/a.png" onload="x">`, "<p>\x00a\x0b</p>", `<plaintext>x`,
}

func TestSanitize(t *testing.T) {
	t.Parallel()
	for _, p := range payloads {
		for _, s := range []string{p, "<p>before</p>" + p + "<p>after</p>", "<table><tr><td>" + p, "<ul><li>" + p} {
			got := Sanitize(s)
			if bad := forbidden(got); bad != "" {
				t.Errorf("%s: left %s in %s", s, bad, got)
			}
			if again := Sanitize(got); again != got {
				t.Errorf("%s: %q becomes %q", s, got, again)
			}
		}
	}
	keep := `<p lang="uk">a <strong>b</strong> <a href="https://example.org/">c</a></p><img src="https://example.org/a.png" alt="d" width="600"/>`
	if got := Sanitize(keep); got != keep {
		t.Errorf("harmless text became %q", got)
	}
}

func TestLinksBecomeAbsolute(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`<a href="b">x</a>`:                    `<a href="https://example.org/news/b">x</a>`,
		`<a href="/b">x</a>`:                   `<a href="https://example.org/b">x</a>`,
		`<a href="//other.example/b">x</a>`:    `<a href="https://other.example/b">x</a>`,
		`<a href="mailto:a@example.org">x</a>`: `<a href="mailto:a@example.org">x</a>`,
		`<a href="ftp://example.org/">x</a>`:   `x`,
		`<img src="a.png">`:                    `<img src="https://example.org/news/a.png"/>`,
		`<img src="cid:a">`:                    ``,
	} {
		if got := sanitizeAt(in, "", "https://example.org/news/a"); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestFooterIsDropped(t *testing.T) {
	t.Parallel()
	const self = "https://example.org/a/"
	for in, want := range map[string]string{
		`<p>x</p><p>The post <a href="https://example.org/a/">A</a> appeared first on <a href="https://example.org">E</a>.</p>`: `<p>x</p>`,
		`<p>x</p><p>Запис <a href="http://example.org/a">A</a> на <a href="https://www.example.org/">E</a>.</p>`:                `<p>x</p>`,
		`<p>See <a href="https://example.org/a/">this</a> and <a href="https://other.example">that</a>.</p>`:                    `<p>See <a href="https://example.org/a/">this</a> and <a href="https://other.example">that</a>.</p>`,
	} {
		if got := sanitizeAt(in, self, self); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("слово ", 200)
	got := []rune(Summary("<p>" + long + "</p>"))
	if len(got) > SummaryRunes || got[len(got)-1] != '…' || strings.HasSuffix(string(got), " …") {
		t.Errorf("%d runes: …%s", len(got), string(got[len(got)-10:]))
	}
	for in, want := range map[string]string{
		"<p>One.</p><p>Two.</p>":    "One. Two.",
		"a<br>b":                    "a b",
		"<b>a</b>b":                 "ab",
		"text [&#8230;]":            "text…",
		"text […]":                  "text…",
		"[…]":                       "",
		"in <s>1999</s>2001":        "in 2001",
		"<del>a</del>, (<s>b</s>c)": ", (c)",
		"<figure><img><figcaption>AFP</figcaption></figure>Text": "Text",
		"line\n\tbreak\u202ereversed":                            "line breakreversed",
	} {
		if got := Summary(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzSanitize(f *testing.F) {
	for _, p := range payloads {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := sanitizeAt(s, "https://example.org/a", "https://example.org/a")
		if bad := forbidden(got); bad != "" {
			t.Fatalf("%q: left %s in %q", s, bad, got)
		}
		if again := Sanitize(got); again != got {
			t.Fatalf("%q: %q becomes %q", s, got, again)
		}
	})
}
