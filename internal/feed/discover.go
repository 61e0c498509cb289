package feed

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Candidate is a feed that a site offers.
type Candidate struct {
	URL   string
	Title string
}

// guesses are where feeds usually lie when a page names none.
var guesses = []string{"feed/", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json"}

// Discover finds the feeds of a site from the address of any of its pages, the
// likeliest first. The address of a feed yields itself. Returns an *Error of
// KindNotFeed when there is none.
func (f *Fetcher) Discover(ctx context.Context, pageURL string) ([]Candidate, error) {
	resp, err := f.Fetch(ctx, Request{URL: pageURL})
	if err != nil {
		return nil, err
	}
	doc, err := Parse(resp.Body, resp.ContentType, resp.FinalURL)
	if err == nil {
		return []Candidate{{URL: pageURL, Title: doc.Title}}, nil
	}
	if KindOf(err) != KindNotFeed {
		return nil, err
	}
	if found := linked(toUTF8(resp.Body, resp.ContentType), resp.FinalURL); len(found) > 0 {
		return found, nil
	}
	return f.guess(ctx, resp.FinalURL)
}

// linked lists <link rel=alternate> of a page. Feeds of comments come last.
func linked(page []byte, base string) []Candidate {
	doc, err := html.Parse(strings.NewReader(string(page)))
	if err != nil {
		return nil
	}
	var found []Candidate
	for n := range doc.Descendants() {
		if n.DataAtom == atom.Base && n.Type == html.ElementNode {
			if b := absolute(attr(n, "href"), base); b != "" {
				base = b
			}
		}
		if n.DataAtom != atom.Link || !slices.Contains(strings.Fields(strings.ToLower(attr(n, "rel"))), "alternate") {
			continue
		}
		switch media, _, _ := strings.Cut(strings.ToLower(attr(n, "type")), ";"); strings.TrimSpace(media) {
		case "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml":
		default:
			continue
		}
		c := Candidate{URL: absolute(attr(n, "href"), base), Title: plainTitle(attr(n, "title"))}
		if c.URL != "" && !slices.ContainsFunc(found, func(o Candidate) bool { return o.URL == c.URL }) && len(found) < 20 {
			found = append(found, c)
		}
	}
	slices.SortStableFunc(found, func(a, b Candidate) int { return comments(a) - comments(b) })
	return found
}

func comments(c Candidate) int {
	if strings.Contains(strings.ToLower(c.URL), "comment") {
		return 1
	}
	return 0
}

func (f *Fetcher) guess(ctx context.Context, base string) ([]Candidate, error) {
	ctx, cancel := context.WithTimeout(ctx, FetchTimeout)
	defer cancel()
	b, err := url.Parse(base)
	if err != nil {
		return nil, &Error{Kind: KindAddress, URL: base, Err: err, Words: words("address")}
	}
	root := b.ResolveReference(&url.URL{Path: "/"})
	for _, g := range guesses {
		try := root.ResolveReference(&url.URL{Path: g}).String()
		resp, err := f.Fetch(ctx, Request{URL: try})
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
		if err != nil {
			continue
		}
		if doc, err := Parse(resp.Body, resp.ContentType, resp.FinalURL); err == nil {
			return []Candidate{{URL: try, Title: doc.Title}}, nil
		}
	}
	return nil, &Error{
		Kind: KindNotFeed, URL: base, Status: http.StatusOK,
		Words: words("none_named"),
	}
}

// SameSite says whether two addresses share a host, www. aside.
func SameSite(a, b string) bool {
	ua, errA := url.Parse(CanonicalURL(a))
	ub, errB := url.Parse(CanonicalURL(b))
	return errA == nil && errB == nil && ua.Host != "" && ua.Host == ub.Host
}

// Delay is how long to wait as a server asked, 0 if it did not.
func Delay(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Retry
	}
	return 0
}
