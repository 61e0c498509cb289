package article

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/feed"
	"vistka/internal/locale"
	"vistka/internal/locale/localetest"
	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// lab is a news site: one feed at /feed and pages that answer as told.
type lab struct {
	*httptest.Server
	mu       sync.Mutex
	items    []item
	body     string            // instead of items
	status   int               // of the feed, 0: 200
	pages    map[string]int    // path → status, else 200
	html     map[string]string // path → the page
	asked    int
	pageHits int
	headers  http.Header // of the last request for the feed
	moved    string
	retry    string // Retry-After
}

// item is an entry of the lab's feed. Link is a path of the site, or absolute.
type item struct {
	guid, link, title, text string
	at                      time.Time
	topics                  []string
	image                   string
	alternates              map[string]string // language → address
}

func newLab(t testing.TB) *lab {
	l := &lab{pages: map[string]int{}, html: map[string]string{}}
	l.Server = httptest.NewServer(l)
	t.Cleanup(l.Close)
	return l
}

func (l *lab) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch r.URL.Path {
	case "/feed", "/feed2", "/new-feed":
		if l.moved != "" && r.URL.Path == "/feed" {
			http.Redirect(w, r, l.moved, http.StatusMovedPermanently)
			return
		}
		l.asked++
		l.headers = r.Header.Clone()
		body := l.body
		if body == "" {
			body = l.rss()
		}
		etag := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(body)))
		if l.status == 0 && r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", etag)
		w.Header().Set("Content-Type", "application/rss+xml; charset=utf-8")
		if l.status != 0 {
			w.Header().Set("Retry-After", l.retry)
			w.WriteHeader(l.status)
		}
		_, _ = w.Write([]byte(body))
	default:
		l.pageHits++
		if s := l.pages[r.URL.Path]; s != 0 {
			w.WriteHeader(s)
		}
		if page := l.html[r.URL.Path]; page != "" {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte(page))
		}
	}
}

func (l *lab) rss() string { return rss(l.URL, l.items) }

func rss(site string, items []item) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>The Example</title><link>%s/</link>`, site)
	for _, i := range items {
		b.WriteString("<item>")
		if i.guid != "" {
			fmt.Fprintf(&b, `<guid isPermaLink="false">%s</guid>`, i.guid)
		}
		if i.link != "" {
			link := i.link
			if strings.HasPrefix(link, "/") {
				link = site + link
			}
			fmt.Fprintf(&b, "<link>%s</link>", strings.ReplaceAll(link, "&", "&amp;"))
		}
		fmt.Fprintf(&b, "<title>%s</title><description>%s</description>", i.title, i.text)
		for _, t := range i.topics {
			fmt.Fprintf(&b, "<category>%s</category>", t)
		}
		if i.image != "" {
			fmt.Fprintf(&b, `<enclosure url="%s" type="image/jpeg"/>`, i.image)
		}
		for lang, href := range i.alternates {
			fmt.Fprintf(&b, `<atom:link rel="alternate" hreflang="%s" href="%s"/>`, lang, href)
		}
		if !i.at.IsZero() {
			fmt.Fprintf(&b, "<pubDate>%s</pubDate>", i.at.Format(time.RFC1123Z))
		}
		b.WriteString("</item>")
	}
	b.WriteString("</channel></rss>")
	return b.String()
}

// show puts the feed in a state; the first item is the newest.
func (l *lab) show(items ...item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items, l.body, l.status = items, "", 0
}

func (l *lab) serve(status int, body string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.status, l.body = status, body
}

func (l *lab) page(path string, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pages[path] = status
}

// news is the n-th article of the lab, published at its hour.
func news(n int) item {
	return item{
		guid: fmt.Sprintf("id-%d", n), link: fmt.Sprintf("/news/%d", n), title: fmt.Sprintf("Story %d", n),
		text: fmt.Sprintf("Text of story %d.", n), at: start.Add(time.Duration(n-50) * time.Minute),
	}
}

type fixture struct {
	*Service
	*lab
	t          testing.TB
	ctx        context.Context
	pool       *pgxpool.Pool
	newsletter int64
	feedID     int64
}

// setUp makes a newsletter with a grace time and a service whose clock stands.
func setUp(t testing.TB, grace time.Duration) *fixture {
	t.Helper()
	pool := pgtest.New(t)
	l := newLab(t)
	f := &fixture{lab: l, t: t, ctx: t.Context(), pool: pool}
	f.Service = &Service{
		DB: pool, Clock: postgres.NewTestClock(start), Log: slog.New(slog.DiscardHandler),
		Fetcher: &feed.Fetcher{Allow: []string{strings.TrimPrefix(l.URL, "http://")}},
	}
	f.newsletter = f.addNewsletter("news", grace)
	return f
}

func (f *fixture) addNewsletter(slug string, grace time.Duration) (id int64) {
	f.t.Helper()
	f.must(f.pool.QueryRow(f.ctx, `
WITH family AS (INSERT INTO family DEFAULT VALUES RETURNING id)
INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address, grace)
SELECT id, $1, 'News', 'en', 'News', 'news@example.org', $2 FROM family RETURNING id`, slug, grace).Scan(&id))
	return id
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// add lets the newsletter read the lab's feed: the baseline.
func (f *fixture) add(items ...item) {
	f.t.Helper()
	f.show(items...)
	res, err := f.AddFeed(f.ctx, f.newsletter, f.URL+"/feed")
	f.must(err)
	f.feedID = res.FeedID
}

// poll shows the items and polls, then releases what is due.
func (f *fixture) poll(items ...item) PollResult {
	f.t.Helper()
	f.show(items...)
	return f.pollAgain()
}

func (f *fixture) pollAgain() PollResult {
	f.t.Helper()
	f.Clock.Advance(time.Second)
	res, err := f.PollNow(f.ctx, f.feedID)
	f.must(err)
	return res
}

// states lists "title: state" of all articles, oldest first.
func (f *fixture) states() string {
	f.t.Helper()
	rows, _, err := List(f.ctx, f.pool, Filter{Limit: 200})
	f.must(err)
	var out []string
	for i := len(rows) - 1; i >= 0; i-- {
		out = append(out, rows[i].Title+": "+string(rows[i].State))
	}
	return strings.Join(out, "\n")
}

func (f *fixture) want(lines ...string) {
	f.t.Helper()
	if got, want := f.states(), strings.Join(lines, "\n"); got != want {
		f.t.Fatalf("articles:\n%s\nwant:\n%s", got, want)
	}
}

// article returns the newest article of that title, with keys and events.
func (f *fixture) article(title string) Article {
	f.t.Helper()
	rows, _, err := List(f.ctx, f.pool, Filter{Search: title, Limit: 200})
	f.must(err)
	for _, r := range rows {
		if r.Title == title {
			a, err := Get(f.ctx, f.pool, r.ID)
			f.must(err)
			return a
		}
	}
	f.t.Fatalf("no article %q in:\n%s", title, f.states())
	return Article{}
}

// say is m in English; every language must have the words.
func (f *fixture) say(m locale.Message) string {
	f.t.Helper()
	catalog := localetest.Catalog(f.t)
	for _, l := range catalog.All() {
		if words := l.Say(m); words == "" || strings.Contains(words, "[") {
			f.t.Errorf("%s has no words for %+v: %q", l.Code(), m, words)
		}
	}
	return catalog.For("en").Say(m)
}

func (f *fixture) wantReason(title, part string) {
	f.t.Helper()
	if a := f.article(title); !strings.Contains(f.say(a.Reason), part) {
		f.t.Errorf("reason of %q is %q, want something with %q", title, f.say(a.Reason), part)
	}
}

func (f *fixture) wantEvent(title, part string) {
	f.t.Helper()
	a := f.article(title)
	n := 0
	for _, e := range a.Events {
		if strings.Contains(f.say(e.Reason), part) {
			n++
		}
	}
	if n != 1 {
		f.t.Errorf("%q has %d events with %q, want 1: %+v", title, n, part, a.Events)
	}
}
