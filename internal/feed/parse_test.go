package feed

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

func parseFile(t *testing.T, name, contentType, base string) Document {
	t.Helper()
	body, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse(body, contentType, base)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func day(s string) *time.Time {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return &at
}

func TestParseShapes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file, contentType, base string
		want                    Document
	}{
		{"wordpress.rss", "application/rss+xml", "https://desk.example/feed/", Document{
			Title: "Example Desk", SiteURL: "https://desk.example", Language: "en-gb",
			Entries: []Entry{{
				GUID: "https://desk.example/?p=417", CMSID: "wordpress:desk.example/417",
				URL:     "https://desk.example/2026/03/harbour/?utm_source=rss",
				Title:   "Harbour & river: what the survey found",
				Summary: "The survey took a year. Its result fits on a page…",
				ContentHTML: `<p>The survey took <em>a year</em>. <a href="https://desk.example/about">About us</a> </p>` + "\n" +
					`<figure><img src="https://cdn.example/boat.jpg" alt="A survey boat"/></figure>`,
				Author: "Desk Writer", ImageURL: "https://cdn.example/boat.jpg", ImageAlt: "A survey boat",
				Topics: []string{"Research", "Water"}, Language: "en-gb", PublishedAt: day("2026-03-02T06:30:00Z"),
			}, {
				GUID: "desk-418", URL: "https://desk.example/relative/path", Title: `{{template "x"}} and 1 < 2`,
				Summary: "Plain text with no markup at all", ContentHTML: "Plain text with no markup at all", Language: "en-gb",
			}},
		}},
		{"plain.atom", "application/atom+xml", "https://atom.example/feed", Document{
			Title: "Стрічка & новини", SiteURL: "https://atom.example/blog/", Language: "uk",
			Entries: []Entry{{
				GUID: "tag:atom.example,2026:1", URL: "https://atom.example/blog/2026/changes", Title: "Що змінилося за рік",
				Summary:     "Перший абзац.",
				ContentHTML: `<p>Перший абзац. <img src="https://atom.example/blog/pic.png" alt="Графік"/></p>`,
				Author:      "Редакція", ImageURL: "https://atom.example/blog/pic.png", ImageAlt: "Графік",
				Topics: []string{"дослідження"}, Language: "uk", PublishedAt: day("2026-03-01T10:00:00Z"),
			}},
		}},
		{"feed.json", "application/feed+json", "https://json.example/feed.json", Document{
			Title: "JSON example", SiteURL: "https://json.example/", Language: "en",
			Entries: []Entry{{
				GUID: "1", URL: "https://json.example/1", Title: "One", Summary: "Hello", ContentHTML: "<p>Hello</p>", Author: "A, B",
				ImageURL: "https://json.example/1.webp", Topics: []string{"x", "y"}, Language: "en", PublishedAt: day("2026-03-02T08:00:00Z"),
			}, {GUID: "2", Summary: "No title here", ContentHTML: "No title here", Language: "en"}},
		}},
	} {
		t.Run(row.file, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(row.want, parseFile(t, row.file, row.contentType, row.base)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestCharsets(t *testing.T) {
	t.Parallel()
	const text = "Їжак, ґанок і «лапки»"
	doc := func(enc string) string {
		return fmt.Sprintf(`<?xml version="1.0" encoding="%s"?><rss version="2.0"><channel><title>%s</title></channel></rss>`, enc, text)
	}
	koi := strings.NewReplacer("«", "\"", "»", "\"")
	cp1251, _ := charmap.Windows1251.NewEncoder().String(doc("windows-1251"))
	koi8u, _ := charmap.KOI8U.NewEncoder().String(koi.Replace(doc("koi8-u")))
	utf16le, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(doc("utf-16"))
	utf16be, _ := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().String(doc("utf-16"))
	for _, row := range []struct{ name, contentType, body, want string }{
		{"utf-8", "text/xml", doc("utf-8"), text},
		{"byte order mark", "text/xml; charset=utf-8", "\uFEFF" + doc("utf-8"), text},
		{"windows-1251 in the prolog", "text/xml", cp1251, text},
		{"windows-1251 in the header", "text/xml; charset=windows-1251", strings.Replace(cp1251, "windows-1251", "utf-8", 1), text},
		{"header is a server's default", "text/xml; charset=ISO-8859-1", cp1251, text},
		{"header and prolog both wrong", "text/xml; charset=ISO-8859-1", doc("windows-1251"), text},
		{"koi8-u", "text/xml", koi8u, koi.Replace(text)},
		{"utf-16 little endian", "text/xml", utf16le, text},
		{"utf-16 big endian, no mark", "application/rss+xml", utf16be, text},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			d, err := Parse([]byte(row.body), row.contentType, "https://example.org/feed")
			if err != nil {
				t.Fatal(err)
			}
			if d.Title != row.want {
				t.Errorf("title is %q, want %q", d.Title, row.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	item := "<item><guid>1</guid><title>x</title></item>"
	whole := `<rss version="2.0"><channel><title>x</title>` + strings.Repeat(item, 20) + `</channel></rss>`
	for _, row := range []struct {
		name, body string
		want       Kind
	}{
		{"nothing", " \n", KindEmpty},
		{"a page", "<!DOCTYPE html><html><head></head><body>Hello</body></html>", KindNotFeed},
		{"a page without doctype", "<html><body>Hello</body></html>", KindNotFeed},
		{"text", "Hello", KindNotFeed},
		{"other XML", "<svg></svg>", KindNotFeed},
		{"a bomb", `<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>` + strings.ReplaceAll(whole, "<title>x", "<title>&b;"), KindBroken},
		{"cut short", whole[:len(whole)-15], KindBroken},
		{"nested", "<rss>" + strings.Repeat("<a>", 200), KindBroken},
		{"other JSON", `{"a": 1}`, KindNotFeed},
		{"JSON of another kind", `{"version": "2", "items": []}`, KindNotFeed},
		{"JSON cut short", `{"version": "https://jsonfeed.org/version/1.1", "items": [`, KindBroken},
		{"too large", whole + strings.Repeat(" ", MaxBytes), KindTooLarge},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(row.body), "", "https://example.org/feed")
			if got := KindOf(err); got != row.want {
				t.Errorf("kind is %q, want %q: %v", got, row.want, err)
			}
			if Words(err).Key == "" {
				t.Error("there are no words for a person")
			}
		})
	}
}

func TestEntitiesOfADocumentAreNotExpanded(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><rss version="2.0"><channel><title>&b;</title></channel></rss>`,
		`<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]><rss version="2.0"><channel><title>&x;</title></channel></rss>`,
	} {
		d, err := Parse([]byte(body), "", "https://example.org/")
		if err != nil {
			continue // refused is as good
		}
		if strings.Contains(d.Title, "haha") || (strings.Contains(body, "SYSTEM") && d.Title != "&x;" && d.Title != "") {
			t.Errorf("title is %q", d.Title)
		}
	}
}

func TestEntriesOverTheLimitsAreLeftOut(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`<rss version="2.0"><channel><title>x</title>`)
	fmt.Fprintf(&b, "<item><guid>big</guid><description>%s</description></item>", strings.Repeat("a", MaxEntryBytes+1))
	for i := range MaxEntries + 7 {
		fmt.Fprintf(&b, "<item><guid>%d</guid><title>t</title></item>", i)
	}
	b.WriteString("</channel></rss>")
	d, err := Parse([]byte(b.String()), "", "https://example.org/")
	if err != nil || len(d.Entries) != MaxEntries || d.LeftOut != 8 {
		t.Errorf("%d entries, %d left out, %v", len(d.Entries), d.LeftOut, err)
	}
}

func TestCMSID(t *testing.T) {
	t.Parallel()
	for guid, want := range map[string]string{
		"http://www.example.org/?p=12":                       "wordpress:example.org/12",
		"https://example.org/blog/?p=12":                     "wordpress:example.org/blog/12",
		"https://example.org/?post_type=report&p=12":         "wordpress:example.org/report/12",
		"https://example.org/?post_type=report&#038;p=12":    "",
		"123 at https://www.example.org":                     "drupal:example.org/123",
		"https://example.org/a?page=12":                      "",
		"tag:example.org,2026:12":                            "",
		"https://example.org/about-p=3":                      "",
		"https://example.org/?preview=true&p=7&post_type=zz": "wordpress:example.org/zz/7",
	} {
		if got := cmsID(guid, nil); got != want {
			t.Errorf("%s: %q, want %q", guid, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"wordpress.rss", "plain.atom", "feed.json"} {
		body, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, "text/xml; charset=windows-1251")
		f.Add(body[:len(body)/2], "")
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		d, err := Parse(body, contentType, "https://example.org/feed")
		if err != nil {
			if KindOf(err) == "" || Words(err).Key == "" {
				t.Fatalf("an error without kind or words: %v", err)
			}
			return
		}
		for _, e := range d.Entries {
			if bytes.ContainsRune([]byte(e.Title+e.GUID+e.URL+e.Summary+e.ContentHTML+e.Author), 0) {
				t.Fatalf("a NUL, which Postgres refuses, in %+v", e)
			}
			if e.URL != "" && !strings.HasPrefix(e.URL, "http://") && !strings.HasPrefix(e.URL, "https://") {
				t.Fatalf("address %q", e.URL)
			}
			if again := Sanitize(e.ContentHTML); again != e.ContentHTML {
				t.Fatalf("not clean: %q, then %q", e.ContentHTML, again)
			}
		}
	})
}
