package feed

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAlternatesOfEntries(t *testing.T) {
	t.Parallel()
	want := []Alternate{{"en", "https://site.example/en/a"}, {"pl", "https://site.example/pl/a"}}
	for name, doc := range map[string]string{
		"Atom": `<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="uk"><title>T</title><link href="https://site.example/"/>
			<entry><id>1</id><title>A</title>
			<link rel="alternate" hreflang="en" href="https://site.example/en/a"/>
			<link rel="alternate" hreflang="uk" href="https://site.example/a"/>
			<link rel="alternate" hreflang="pl" href="/pl/a"/>
			<link rel="alternate" hreflang="x-default" href="https://site.example/"/>
			<link rel="enclosure" hreflang="de" href="https://site.example/de.mp3"/></entry></feed>`,
		"RSS": `<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:xhtml="http://www.w3.org/1999/xhtml"><channel><title>T</title>
			<link>https://site.example/</link><language>uk</language><item><guid isPermaLink="false">1</guid><title>A</title><link>https://site.example/a</link>
			<atom:link rel="alternate" hreflang="EN" href="https://site.example/en/a"/>
			<xhtml:link rel="alternate" hreflang="pl" href="https://site.example/pl/a"/>
			<xhtml:link rel="alternate" hreflang="uk" href="http://www.site.example/a/"/></item></channel></rss>`,
	} {
		d, err := Parse([]byte(doc), "", "https://site.example/feed")
		if err != nil || len(d.Entries) != 1 {
			t.Fatalf("%s: %d entries, %v", name, len(d.Entries), err)
		}
		e := d.Entries[0]
		if diff := cmp.Diff(want, e.Alternates); diff != "" || e.URL != "https://site.example/a" {
			t.Errorf("%s: at %s\n%s", name, e.URL, diff)
		}
	}
}

func TestAlternatesOfPages(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/file" {
			w.Header().Set("Content-Type", "application/pdf")
		} else {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		fmt.Fprintf(w, `<!doctype html><html lang="uk"><head><base href="/site/">
			<link rel="alternate" type="application/rss+xml" href="/feed">
			<LINK REL="Alternate" HREFLANG="en-GB" HREF="en/a"><link rel="canonical" hreflang="de" href="/de">
			<link rel="alternate" hreflang="uk" href="%s"></head>
			<body>%s<link rel="alternate" hreflang="fr" href="/fr"></body></html>`, r.URL.Path, strings.Repeat("x", 2*maxHead))
	}))
	t.Cleanup(site.Close)
	f := &Fetcher{Allow: []string{strings.TrimPrefix(site.URL, "http://")}}
	p := f.CheckPage(t.Context(), site.URL+"/a")
	if diff := cmp.Diff([]Alternate{{"en-gb", site.URL + "/site/en/a"}}, p.Alternates); diff != "" || !p.Live {
		t.Errorf("live %t\n%s", p.Live, diff)
	}
	if p := f.CheckPage(t.Context(), site.URL+"/file"); len(p.Alternates) != 0 || !p.Live {
		t.Errorf("of a file: %+v", p)
	}
}
