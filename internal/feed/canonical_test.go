package feed

import (
	"net/url"
	"strings"
	"testing"
)

func TestCanonicalURL(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://example.org/a":                                     "https://example.org/a",
		"HTTP://WWW.Example.ORG:80/a/?utm_source=x&fbclid=1#c":      "https://example.org/a",
		"https://example.org":                                       "https://example.org",
		"https://example.org/":                                      "https://example.org",
		"https://example.org:8443/a":                                "https://example.org:8443/a",
		"https://example.org/a?b=2&a=1&utm_campaign=z":              "https://example.org/a?a=1&b=2",
		"https://example.org/?p=12":                                 "https://example.org?p=12",
		"https://user:pw@example.org/a":                             "https://example.org/a",
		"https://приклад.укр/новина":                                "https://xn--80aikifvh.xn--j1amh/%D0%BD%D0%BE%D0%B2%D0%B8%D0%BD%D0%B0",
		"https://приклад.укр/%d0%bd%D0%BE%D0%B2%D0%B8%D0%BD%D0%B0/": "https://xn--80aikifvh.xn--j1amh/%D0%BD%D0%BE%D0%B2%D0%B8%D0%BD%D0%B0",
		"https://example.org./a":                                    "https://example.org/a",
		"https://www.org/a":                                         "https://www.org/a",
		"https://[2001:db8::1]/":                                    "https://[2001:db8::1]",
		"/a":                                                        "",
		"mailto:a@example.org":                                      "",
		"https:///a":                                                "",
		"":                                                          "",
	} {
		if got := CanonicalURL(raw); got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
	for _, pair := range [][2]string{
		{"https://example.org/a", "https://example.org/b"},
		{"https://example.org/a?id=1", "https://example.org/a?id=2"},
		{"https://example.org/A", "https://example.org/a"},
		{"https://en.example.org/a", "https://uk.example.org/a"},
	} {
		if CanonicalURL(pair[0]) == CanonicalURL(pair[1]) {
			t.Errorf("%v are folded to one", pair)
		}
	}
}

func FuzzCanonicalURL(f *testing.F) {
	f.Add("HTTP://www.www.Example.org:80//a//?b&utm_x=1&a=%zz#f")
	f.Add("https://приклад.укр./%2F/?q=%20+")
	f.Fuzz(func(t *testing.T, raw string) {
		once := CanonicalURL(raw)
		if once == "" {
			return
		}
		if twice := CanonicalURL(once); twice != once {
			t.Fatalf("%q becomes %q, then %q", raw, once, twice)
		}
		if u, err := url.Parse(once); err != nil || u.Scheme != "https" || u.Host == "" || strings.HasSuffix(u.Path, "/") {
			t.Fatalf("%q becomes %q", raw, once)
		}
	})
}
