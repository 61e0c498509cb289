package server_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/edition"
	"vistka/internal/hotline"
	"vistka/internal/locale/localetest"
	"vistka/internal/mailer"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
	"vistka/internal/server"
	"vistka/internal/subscriber"
	"vistka/internal/token"
	"vistka/web"
)

const (
	baseURL    = "https://mail.example.org"
	siteOrigin = "https://news.example.org"
	article    = siteOrigin + "/research/who-pays"
)

// site is the public half on real services.
type site struct {
	t        *testing.T
	router   *chi.Mux
	pool     *pgxpool.Pool
	keys     *token.Keys
	clock    *postgres.Clock
	subs     *subscriber.Service
	editions *edition.Service
	mu       sync.Mutex
	notices  []subscriber.Notice // under mu
	log      *strings.Builder
	n        newsletter.Newsletter
	hotline  *hotline.Service
	desk     *desk
}

// templates are parsed once: they keep nothing of a site.
var templates = sync.OnceValues(func() (parsed struct {
	pages    *page.Pages
	renderer *mailer.Renderer
}, err error,
) {
	catalog, err := localetest.Load()
	if err != nil {
		return parsed, err
	}
	if parsed.pages, err = page.New(page.Options{FS: web.FS, Catalog: catalog, BaseURL: baseURL}); err != nil {
		return parsed, err
	}
	parsed.renderer, err = mailer.NewRenderer(web.FS, catalog, mailer.Options{BaseURL: baseURL})
	return parsed, err
})

func newSite(t *testing.T, change ...func(*server.Deps)) *site {
	t.Helper()
	s := &site{t: t, pool: pgtest.New(t), log: &strings.Builder{}}
	s.clock = postgres.NewTestClock(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC))
	var err error
	if s.keys, err = token.NewKeys("a secret only for tests"); err != nil {
		t.Fatal(err)
	}
	s.subs = &subscriber.Service{
		DB: s.pool, Keys: s.keys, Hasher: token.NewHasher(make([]byte, 32)), Clock: s.clock, Log: slog.New(slog.DiscardHandler),
		Notify: func(_ context.Context, _ pgx.Tx, all ...subscriber.Notice) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.notices = append(s.notices, all...)
			return nil
		},
	}
	n := newsletter.New()
	n.Slug, n.Name, n.FromName, n.FromAddress = "watch", "Media Watch", "Media Watch", "news@example.org"
	n.SiteURL, n.Origins, n.Thanks = siteOrigin+"/", []string{siteOrigin}, map[string]string{"en": "Thank you for subscribing!"}
	if s.n, err = newsletter.Add(t.Context(), s.pool, n, "", s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(&lockedWriter{w: s.log}, nil))
	parsed, err := templates()
	if err != nil {
		t.Fatal(err)
	}
	s.editions = &edition.Service{DB: s.pool, Clock: s.clock, Keys: s.keys, BaseURL: baseURL, Renderer: parsed.renderer, Log: slog.New(slog.DiscardHandler)}
	s.desk = &desk{}
	s.hotline = &hotline.Service{DB: s.pool, Clock: s.clock, Notify: s.desk.notify}
	d := server.Deps{
		Pages: parsed.pages, DB: s.pool, Subscribers: s.subs, Hotline: s.hotline, Keys: s.keys, Clock: s.clock, BaseURL: baseURL, Log: log, Dev: true,
		Editions: s.editions, Renderer: parsed.renderer,
	}
	for _, f := range change {
		f(&d)
	}
	s.router = server.New(d)
	return s
}

// missingWords is how a key without words looks.
var missingWords = regexp.MustCompile(`\[\w+(\.[\w -]+)+\]`)

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// answer is a response with its page.
type answer struct {
	*http.Response
	body string
	doc  *goquery.Document
}

func (s *site) do(r *http.Request) answer {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.router.ServeHTTP(w, r)
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(w.Body.String()))
	if err != nil {
		s.t.Fatal(err)
	}
	if text := doc.Find("main").Text(); missingWords.MatchString(text) {
		s.t.Errorf("%s %s: words are missing: %s", r.Method, r.URL.Path, strings.Join(strings.Fields(text), " "))
	}
	return answer{w.Result(), w.Body.String(), doc}
}

func (s *site) get(path string, headers ...string) answer {
	return s.do(with(httptest.NewRequest(http.MethodGet, path, nil), headers))
}

// post sends a form as a browser on our own pages does, unless headers say otherwise.
func (s *site) post(path string, form url.Values, headers ...string) answer {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Host = "mail.example.org"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.do(with(r, headers))
}

// press is post and the page that it leads to: pages of ours answer a press
// with a redirect, so that Back never asks to send the form again.
func (s *site) press(path string, form url.Values, headers ...string) answer {
	s.t.Helper()
	got := s.post(path, form, headers...)
	if got.StatusCode != http.StatusSeeOther {
		s.t.Errorf("POST %s: %d, no redirect", path, got.StatusCode)
		return got
	}
	return s.get(got.Header.Get("Location"))
}

func with(r *http.Request, headers []string) *http.Request {
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// fill is what the form of a page would post.
func fill(doc *goquery.Document, selector string) url.Values {
	form := url.Values{}
	doc.Find(selector).Find("input[name]").Each(func(_ int, in *goquery.Selection) {
		kind := in.AttrOr("type", "text")
		if _, checked := in.Attr("checked"); !checked && (kind == "radio" || kind == "checkbox") {
			return
		}
		if kind == "checkbox" {
			form.Add(in.AttrOr("name", ""), in.AttrOr("value", ""))
			return
		}
		form.Set(in.AttrOr("name", ""), in.AttrOr("value", ""))
	})
	doc.Find(selector).Find("select[name]").Each(func(_ int, sel *goquery.Selection) {
		form.Set(sel.AttrOr("name", ""), sel.Find("option[selected]").AttrOr("value", ""))
	})
	return form
}

func foreign(email string) url.Values {
	return url.Values{"email": {email}, "newsletter": {"watch"}, "lang": {"en"}, "article": {article}, "website": {""}}
}

// subscribed confirms an address and returns its reader.
func (s *site) subscribed(email string) subscriber.Confirmation {
	s.t.Helper()
	if got := s.post("/subscribe", foreign(email), "Origin", siteOrigin); got.StatusCode != http.StatusOK {
		s.t.Fatalf("sign-up: %d %s", got.StatusCode, got.body)
	}
	all := s.signups()
	c, err := s.subs.Confirm(s.t.Context(), subscriber.ConfirmToken(s.keys, all[len(all)-1], 1), subscriber.Evidence{})
	if err != nil || c.Outcome != subscriber.Confirmed {
		s.t.Fatalf("confirm: %v %v", c, err)
	}
	return c
}

// signups are the ids of what was taken down, the latest last.
func (s *site) signups() []int64 {
	s.t.Helper()
	rows, err := s.pool.Query(s.t.Context(), "SELECT id FROM signup ORDER BY created_at, id")
	if err != nil {
		s.t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		s.t.Fatal(err)
	}
	return ids
}

// asked is how many mails were asked for.
func (s *site) asked() int {
	s.t.Helper()
	return s.count("SELECT count(*) FROM address_limit WHERE kind = 'confirmation'")
}

func (s *site) count(sql string) (n int) {
	s.t.Helper()
	if err := s.pool.QueryRow(s.t.Context(), sql).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (a answer) text(selector string) string {
	return strings.Join(strings.Fields(a.doc.Find(selector).Text()), " ")
}

// errs says whether a page tells whoever does not see it that something is wrong,
// in its title and before the words beside the field.
func (a answer) errs() bool {
	before := map[string]string{"en": "Error: ", "uk": "Помилка: "}[a.doc.Find("html").AttrOr("lang", "")]
	return strings.HasPrefix(a.text("title"), before) && strings.HasPrefix(a.text(".error"), before) && a.doc.Find(".error .hidden-visually").Length() == a.doc.Find(".error").Length()
}

// code is the six digits of the mail that the n-th sign-up got.
func (s *site) code(n int) string {
	return subscriber.Code(s.keys, s.signups()[n-1], 1)
}

func (s *site) exec(sql string, args ...any) {
	s.t.Helper()
	if _, err := s.pool.Exec(s.t.Context(), sql, args...); err != nil {
		s.t.Fatal(err)
	}
}
