package feed

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
	ext "github.com/mmcdole/gofeed/extensions"
)

// Parse reads a feed. baseURL is where it came from. Errors are *Error of
// KindNotFeed, KindBroken, KindEmpty or KindTooLarge. A feed cut short is broken
// even where its first entries could be read: half a feed decides nothing.
func Parse(body []byte, contentType, baseURL string) (Document, error) {
	if len(body) > MaxBytes {
		return Document{}, &Error{Kind: KindTooLarge, URL: baseURL, Words: words("too_large")}
	}
	body = bytes.TrimSpace(toUTF8(body, contentType))
	if len(body) == 0 {
		return Document{}, &Error{Kind: KindEmpty, URL: baseURL, Words: words("empty")}
	}
	if err := checkShape(body, baseURL); err != nil {
		return Document{}, err
	}
	p := gofeed.NewParser()
	p.AtomTranslator = &atomTranslator{}
	raw, err := parseGuarded(p, body)
	if errors.Is(err, gofeed.ErrFeedTypeNotDetected) {
		return Document{}, notFeed(body, baseURL)
	}
	if err != nil {
		return Document{}, &Error{
			Kind: KindBroken, URL: baseURL, Err: err,
			Words: words("broken"),
		}
	}
	return build(raw, baseURL), nil
}

// parseGuarded turns a panic of the parser into an error: the input is a
// stranger's, and one feed must not stop the others.
func parseGuarded(p *gofeed.Parser, body []byte) (f *gofeed.Feed, err error) {
	defer func() {
		if v := recover(); v != nil {
			f, err = nil, errors.New("parser gave up")
		}
	}()
	return p.Parse(bytes.NewReader(body))
}

// checkShape refuses XML that is nested too deep or whose root never closes.
// encoding/xml knows no entities of the document's own and opens nothing.
func checkShape(body []byte, baseURL string) error {
	if body[0] == '{' && !jsonVersion.Match(body) {
		return notFeed(body, baseURL)
	}
	if body[0] != '<' {
		return nil
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	depth, root := 0, ""
scan:
	for {
		tok, err := d.RawToken()
		if err != nil {
			break
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if root == "" {
				if root = t.Name.Local; t.Name.Space != "" {
					root = t.Name.Space + ":" + root
				}
				if strings.EqualFold(root, "html") {
					return notFeed(body, baseURL)
				}
			}
			if depth++; depth > MaxDepth {
				break scan
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			if ownEntity(t) {
				return &Error{
					Kind: KindBroken, URL: baseURL,
					Words: words("entities"),
				}
			}
		}
	}
	if depth > MaxDepth {
		return &Error{Kind: KindBroken, URL: baseURL, Words: words("deep")}
	}
	if root != "" && !bytes.Contains(body, []byte("</"+root)) && !bytes.HasSuffix(body, []byte("/>")) {
		return &Error{Kind: KindBroken, URL: baseURL, Words: words("cut")}
	}
	return nil
}

var entityName = regexp.MustCompile(`<!ENTITY\s+([^%\s]\S*)\s`)

// ownEntity reports whether a document type defines an entity beyond those of
// HTML: it is never expanded, so "&name;" would stand in a mail. Such a feed is
// either an attack (entities of entities) or one that nobody else reads whole.
func ownEntity(doctype []byte) bool {
	for _, m := range entityName.FindAllSubmatch(doctype, -1) {
		if ref := "&" + string(m[1]) + ";"; html.UnescapeString(ref) == ref {
			return true
		}
	}
	return false
}

// jsonVersion is what makes JSON a feed: the parser would take any object.
var jsonVersion = regexp.MustCompile(`"version"\s*:\s*"https?:(?:\\?/){2}jsonfeed\.org(?:\\?/)version(?:\\?/)`)

var htmlStart = regexp.MustCompile(`(?i)^(\s|<!--.*?-->)*<(!doctype html|html|head|body)\b`)

func notFeed(body []byte, baseURL string) error {
	e := &Error{Kind: KindNotFeed, URL: baseURL, Words: words("not_feed")}
	if htmlStart.Match(body[:min(len(body), 4096)]) {
		e.Words = words("web_page")
	}
	return e
}

func build(raw *gofeed.Feed, baseURL string) Document {
	channel := absolute(raw.Link, baseURL)
	d := Document{
		Title:    plainTitle(raw.Title),
		SiteURL:  channel,
		Language: language(raw.Language),
	}
	for _, it := range raw.Items {
		if it == nil {
			continue
		}
		if len(d.Entries) == MaxEntries || len(it.Content)+len(it.Description)+len(it.Title) > MaxEntryBytes {
			d.LeftOut++
			continue
		}
		d.Entries = append(d.Entries, entry(it, cmp.Or(channel, baseURL), d.Language))
	}
	return d
}

func entry(it *gofeed.Item, base, lang string) Entry {
	e := Entry{
		GUID:     clip(tidy(it.GUID), 2000),
		URL:      absolute(link(it, cmp.Or(entryLanguage(it), lang)), base),
		Title:    clip(plainTitle(it.Title), 1000),
		Author:   clip(author(it), 300),
		Language: cmp.Or(entryLanguage(it), lang),
	}
	if e.URL == "" && (strings.HasPrefix(e.GUID, "https://") || strings.HasPrefix(e.GUID, "http://")) && len(it.Links) == 0 && it.Link == "" {
		e.URL = absolute(e.GUID, base) // RSS: a guid is a permalink unless said otherwise
	}
	e.CMSID = cmsID(e.GUID, it.Extensions)
	e.Alternates = entryAlternates(it, e.URL, base)
	if it.PublishedParsed != nil {
		e.PublishedAt = date(*it.PublishedParsed)
	} else if it.UpdatedParsed != nil {
		e.PublishedAt = date(*it.UpdatedParsed)
	}
	bases := []string{e.URL, base}
	content, description := withoutSignature(it.Content), withoutSignature(it.Description)
	e.ContentHTML = sanitizeAt(cmp.Or(content, description), e.URL, bases...)
	e.Summary = Summary(sanitizeAt(cmp.Or(description, content), e.URL, bases...))
	if e.Summary == "" {
		e.Summary = Summary(e.ContentHTML)
	}
	e.ImageURL, e.ImageAlt = picture(it, e.ContentHTML, bases)
	for _, c := range it.Categories {
		c = clip(plainTitle(c), 100)
		if c != "" && !slices.Contains(e.Topics, c) && len(e.Topics) < 50 {
			e.Topics = append(e.Topics, c)
		}
	}
	return e
}

// link is the piece's address. Where an entry names one for each language, it is
// that of the feed's own.
func link(it *gofeed.Item, lang string) string {
	for key, href := range it.Custom {
		if l, ok := strings.CutPrefix(key, hreflang); ok && language(l) == lang {
			return href
		}
	}
	if it.Link != "" {
		return it.Link
	}
	if len(it.Links) > 0 {
		return it.Links[0]
	}
	return ""
}

func author(it *gofeed.Item) string {
	var names []string
	for _, a := range it.Authors {
		if a == nil {
			continue
		}
		if n := plainTitle(a.Name); n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return strings.Join(names, ", ")
}

func entryLanguage(it *gofeed.Item) string {
	if dc := it.DublinCoreExt; dc != nil && len(dc.Language) > 0 {
		return language(dc.Language[0])
	}
	return ""
}

func language(s string) string {
	return clip(strings.ToLower(strings.ReplaceAll(tidy(s), "_", "-")), 35)
}

// date refuses years that Postgres or a reader would choke on.
func date(t time.Time) *time.Time {
	t = t.UTC().Truncate(time.Second)
	if t.Year() < 1970 || t.Year() > 2200 {
		return nil
	}
	return &t
}

var (
	wordpressGUID = regexp.MustCompile(`^https?://([^/?#]+)(/[^?#]*)?\?(?:[^#]*&)?(?:p|page_id)=(\d+)(?:[&#].*)?$`)
	drupalGUID    = regexp.MustCompile(`^(\d+) at https?://([^/?#]+)`)
)

// cmsID reads what WordPress and Drupal number their articles by. Host and path
// are part of it: two blogs on one host both have an article 123.
func cmsID(guid string, exts ext.Extensions) string {
	if m := wordpressGUID.FindStringSubmatch(guid); m != nil {
		site := strings.TrimPrefix(CanonicalURL("https://"+m[1]+m[2]), "https://")
		if site == "" {
			return ""
		}
		kind := ""
		if t := regexp.MustCompile(`[?&]post_type=([a-z0-9_-]+)`).FindStringSubmatch(guid); t != nil {
			kind = t[1] + "/"
		}
		return "wordpress:" + site + "/" + kind + m[3]
	}
	if m := drupalGUID.FindStringSubmatch(guid); m != nil {
		if site := CanonicalURL("https://" + m[2]); site != "" {
			return "drupal:" + strings.TrimPrefix(site, "https://") + "/" + m[1]
		}
	}
	return ""
}

// absolute resolves ref against base; "" for what is not http(s) afterwards. A
// protocol-relative address becomes https.
func absolute(ref string, bases ...string) string {
	ref = strings.TrimSpace(ref)
	if ref == "" {
		return ""
	}
	if strings.HasPrefix(ref, "//") {
		ref = "https:" + ref
	}
	u, err := url.Parse(ref)
	if err != nil {
		return ""
	}
	for _, base := range bases {
		if u.IsAbs() {
			break
		}
		if b, err := url.Parse(base); err == nil && b.IsAbs() {
			u = b.ResolveReference(u)
		}
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || len(ref) > 4000 {
		return ""
	}
	u.User = nil
	return u.String()
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
