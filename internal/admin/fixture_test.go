package admin

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"vistka/internal/account"
	"vistka/internal/article"
	"vistka/internal/delivery"
	"vistka/internal/edition"
	"vistka/internal/feed"
	"vistka/internal/hotline"
	"vistka/internal/locale"
	"vistka/internal/locale/localetest"
	"vistka/internal/mailer"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
	"vistka/internal/subscriber"
	"vistka/internal/token"
	"vistka/web"
)

const phrase = "four quiet herons wade"

// site is the admin pages on a database of their own, over HTTP.
type site struct {
	t        testing.TB
	db       *pgxpool.Pool
	clock    *postgres.Clock
	accounts *account.Service
	articles *article.Service
	subs     *subscriber.Service
	hotline  *hotline.Service
	mux      *chi.Mux // the admin routes alone
	url      string
	catalog  *locale.Catalog
	jobs     recorder
}

// recorder takes jobs and runs none.
type recorder struct{}

func (recorder) InsertTx(context.Context, pgx.Tx, river.JobArgs, *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	return &rivertype.JobInsertResult{}, nil
}

// still answers for the web: every page is there, the one feed has one entry.
type still struct{ body string }

func (s still) Fetch(_ context.Context, r feed.Request) (feed.Response, error) {
	if strings.Contains(r.URL, "broken") {
		return feed.Response{}, &feed.Error{Kind: feed.KindDNS, URL: r.URL, Words: locale.Message{Key: "feed.problem.dns"}}
	}
	return feed.Response{Body: []byte(s.body), ContentType: "application/rss+xml", FinalURL: r.URL}, nil
}

func (still) CheckPage(_ context.Context, url string) feed.PageStatus {
	return feed.PageStatus{Live: !strings.Contains(url, "gone")}
}

func (still) Discover(context.Context, string) ([]feed.Candidate, error) { return nil, nil }

const rss = `<?xml version="1.0"?><rss version="2.0"><channel><title>Herald</title><link>https://news.example.org/</link>
<item><title>%s</title><link>https://news.example.org/%s</link><guid>%s</guid><pubDate>Mon, 23 Nov 2026 08:00:00 GMT</pubDate></item></channel></rss>`

// sharedPages are parsed once: they keep nothing of a site.
var sharedPages = sync.OnceValues(func() (*page.Pages, error) {
	catalog, err := localetest.Load()
	if err != nil {
		return nil, err
	}
	return page.New(page.Options{FS: web.FS, Catalog: catalog})
})

func newSite(t testing.TB, change ...func(*Deps)) *site {
	t.Helper()
	s := &site{t: t, db: pgtest.New(t)}
	var err error
	if s.clock, err = postgres.NewClock(t.Context(), s.db); err != nil {
		t.Fatal(err)
	}
	keys, err := token.NewKeys("a secret key for tests only")
	if err != nil {
		t.Fatal(err)
	}
	hasher, log := token.NewHasher(make([]byte, 32)), slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	s.catalog = localetest.Catalog(t)
	pages, err := sharedPages()
	if err != nil {
		t.Fatal(err)
	}
	s.accounts = account.New(s.db, keys, hasher, s.clock, account.WithHashMemory(64))
	s.articles = &article.Service{DB: s.db, Fetcher: still{fmt.Sprintf(rss, "First", "1", "g1")}, Clock: s.clock, Jobs: s.jobs, Log: log}
	s.subs = &subscriber.Service{DB: s.db, Keys: keys, Hasher: hasher, Clock: s.clock, Log: log}
	editions := &edition.Service{DB: s.db, Clock: s.clock, Jobs: s.jobs, Keys: keys, Log: log}
	s.articles.OnWithdraw = func(ctx context.Context, tx pgx.Tx, _, articleID, _ int64) error {
		_, err := editions.Withdraw(ctx, tx, articleID)
		return err
	}
	s.articles.OnRestore = func(ctx context.Context, tx pgx.Tx, _, articleID, _ int64) error {
		_, err := editions.ReleaseAgain(ctx, tx, articleID)
		return err
	}
	s.hotline = &hotline.Service{DB: s.db, Clock: s.clock, Notify: func(context.Context, pgx.Tx, hotline.Notice) error { return nil }}
	srv := httptest.NewUnstartedServer(nil)
	s.url = "http://" + srv.Listener.Addr().String()
	d := Deps{
		Pages: pages, DB: s.db, Accounts: s.accounts, Articles: s.articles, Subscribers: s.subs,
		Editions:   editions,
		Deliveries: &delivery.Service{DB: s.db, Keys: keys, Hasher: hasher, Clock: s.clock, Log: log, Relays: []mailer.RelayConfig{{Label: "a relay"}}},
		Hotline:    s.hotline,
		Clock:      s.clock, BaseURL: s.url, Log: log, RelayOnLoopback: true,
	}
	for _, f := range change {
		f(&d)
	}
	s.mux = New(d)
	root := chi.NewRouter()
	root.Use(middleware.ClientIPFromRemoteAddr, page.Log(log), page.Headers(page.Policy{}), pages.Recover, middleware.GetHead)
	root.Mount("/admin", s.mux)
	root.Method(http.MethodGet, "/static/*", pages.Static())
	srv.Config.Handler = root
	srv.Start()
	t.Cleanup(srv.Close)
	return s
}

func (s *site) account(role account.Role) account.Account {
	s.t.Helper()
	a, err := s.accounts.Create(s.t.Context(), account.NewAccount{
		Address: string(role) + "@example.org", Name: "The " + string(role), Password: phrase, Role: role, Locale: "en",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s *site) newsletter(slug string) newsletter.Newsletter {
	s.t.Helper()
	n := newsletter.New()
	n.Slug, n.Name, n.FromName, n.FromAddress, n.Timezone = slug, "The "+slug, "Newsroom", "news@example.org", "Europe/Kyiv"
	n, err := newsletter.Add(s.t.Context(), s.db, n, "", s.clock.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// exec runs SQL that stands for what other parts do.
func (s *site) exec(sql string, args ...any) {
	s.t.Helper()
	if _, err := s.db.Exec(s.t.Context(), sql, args...); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) count(sql string, args ...any) (n int) {
	s.t.Helper()
	if err := s.db.QueryRow(s.t.Context(), sql, args...).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// browser keeps cookies and follows no redirect.
type browser struct {
	*site
	*http.Client
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// as is a browser that has logged in.
func (s *site) as(role account.Role) *browser {
	s.t.Helper()
	b := s.browser()
	if a := b.login(string(role)+"@example.org", phrase); a.status != http.StatusSeeOther {
		s.t.Fatalf("log-in as %s: %d", role, a.status)
	}
	return b
}

func (b *browser) login(address, password string) answer {
	return b.post("/admin/login", url.Values{"address": {address}, "password": {password}})
}

type answer struct {
	*goquery.Document
	status int
	header http.Header
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(req)
}

func (b *browser) post(path string, form url.Values) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

// press posts the form of a page as it stands.
func (b *browser) press(a answer) answer {
	b.t.Helper()
	form := url.Values{}
	a.Find("main form input").Each(func(_ int, in *goquery.Selection) {
		form.Add(in.AttrOr("name", ""), in.AttrOr("value", ""))
	})
	return b.post(a.Find("main form").AttrOr("action", ""), form)
}

func (b *browser) do(req *http.Request) answer {
	b.t.Helper()
	resp, err := b.Client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	doc, err := goquery.NewDocumentFromReader(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if text := doc.Text(); strings.Contains(text, "[admin.") || strings.Contains(text, "[newsletter.") || strings.Contains(text, "[account.") || strings.Contains(text, "[error.") ||
		strings.Contains(text, "[edition.") || strings.Contains(text, "[article.") || strings.Contains(text, "[feed.") || strings.Contains(text, "[delivery.") {
		b.t.Errorf("%s: words are missing: %s", req.URL.Path, text)
	}
	return answer{doc, resp.StatusCode, resp.Header}
}

// text is the words of a selection with single spaces.
func (a answer) text(selector string) string {
	return strings.Join(strings.Fields(a.Find(selector).Text()), " ")
}

// seeded fills a newsletter: an article of each state, a reader, an edition with a failed and a doubtful delivery.
func (s *site) seeded() (n newsletter.Newsletter, articleID, subscriberID, editionID int64) {
	s.t.Helper()
	n = s.newsletter("news")
	if _, err := s.articles.AddFeed(s.t.Context(), n.ID, "https://news.example.org/feed/"); err != nil {
		s.t.Fatal(err)
	}
	ctx := s.t.Context()
	if err := s.db.QueryRow(ctx, "SELECT id FROM article").Scan(&articleID); err != nil {
		s.t.Fatal(err)
	}
	if err := s.subs.Seed(ctx, n.ID, 60, func(int) {}); err != nil {
		s.t.Fatal(err)
	}
	if err := s.db.QueryRow(ctx, "SELECT min(id) FROM subscriber").Scan(&subscriberID); err != nil {
		s.t.Fatal(err)
	}
	month := s.clock.Now().AddDate(0, 0, 1-s.clock.Now().Day()).Format(time.DateOnly)
	if err := s.db.QueryRow(ctx, `INSERT INTO edition (month, newsletter_id, kind, slot, locale, article_ids, created_at)
		VALUES ($1, $2, 'instant', now(), 'en', ARRAY[$3::bigint], now()) RETURNING id`, month, n.ID, articleID).Scan(&editionID); err != nil {
		s.t.Fatal(err)
	}
	s.exec(`INSERT INTO delivery (month, edition_id, subscriber_id, newsletter_id, provider_id, state, settled_at, reply, doubts)
		SELECT $1, $2, s.id, $3, s.provider_id, (ARRAY['sent','sent','sent','failed','in doubt','queued'])[1 + s.id % 6], now(), '550 5.1.1 <nobody> unknown', CASE WHEN s.id % 6 IN (3, 4) THEN 2 ELSE 0 END
		FROM subscriber s`, month, editionID, n.ID)
	return n, articleID, subscriberID, editionID
}
