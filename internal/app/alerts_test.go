package app_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"vistka/internal/app"
	"vistka/internal/config"
	"vistka/internal/emailaddr"
	"vistka/internal/mailer"
	"vistka/internal/postgres/pgtest"
	"vistka/internal/subscriber"
)

func addOwner(t *testing.T, a *app.App) {
	t.Helper()
	_, err := a.Pool.Exec(t.Context(), `
		INSERT INTO account (address, address_key, name, password_hash, role, locale, created_at)
		VALUES ('owner@example.org', 'owner@example.org', 'An owner', '', 'owner', 'uk', now())`)
	if err != nil {
		t.Fatal(err)
	}
}

// What articles and editions meet reaches the owners; what delivery and the
// guard meet is shown beside them.
func TestTroubleReachesTheOwners(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusGone)
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer site.Close()
	cfg := config.Config{
		Listen: freePort(t), DataDir: t.TempDir(), Run: []string{"jobs"}, LogFormat: "text",
		DatabaseURL: pgtest.URL(t), SecretKey: strings.Repeat("k", 44), FeedAllow: []string{strings.TrimPrefix(site.URL, "http://")},
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), cfg, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	addOwner(t, a)
	id := func(sql string, args ...any) (id int64) {
		t.Helper()
		if err := a.Pool.QueryRow(t.Context(), sql, args...).Scan(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	letter := id(`
		WITH f AS (INSERT INTO family DEFAULT VALUES RETURNING id)
		INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address, site_url)
		SELECT id, 'news', 'News', 'en', 'News', 'nowhere', 'https://news.example' FROM f RETURNING id`)
	want := func(subject string) {
		t.Helper()
		if n := id(`SELECT count(*) FROM notice WHERE kind = 'alert' AND locale = 'uk' AND content->>'subject' = $1`, subject); n != 1 {
			t.Errorf("%d notices of %q, want one", n, subject)
		}
	}

	if _, err := a.Subscribers.DB.Exec(t.Context(), "INSERT INTO signup_mail VALUES (date_trunc('minute', now()), 'attested', '', 400)"); err != nil {
		t.Fatal(err)
	}
	reader, err := emailaddr.Parse("nadia@example.org")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // held, and the owners hear of it once
		if _, err := a.Subscribers.SignUp(t.Context(), subscriber.SignUpRequest{NewsletterID: letter, Address: reader, Locale: "uk", Attested: true}); err != nil {
			t.Fatal(err)
		}
		if err := a.Subscribers.AnswerAll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	want("budget_spent ")

	for path, polls := range map[string]int{"/gone": 1, "/down": 4} {
		feed := id(`WITH f AS (INSERT INTO feed (url, next_poll_at) VALUES ($1, now()) RETURNING id)
			INSERT INTO newsletter_feed (newsletter_id, feed_id) SELECT $2, id FROM f RETURNING feed_id`, site.URL+path, letter)
		for range polls {
			if _, err := a.Articles.Poll(t.Context(), feed); err != nil {
				t.Fatal(err)
			}
		}
		want(map[string]string{"/gone": "feed_gone ", "/down": "feed_failing "}[path] + strconv.FormatInt(feed, 10))
	}

	article := id(`
		WITH st AS (INSERT INTO story DEFAULT VALUES RETURNING id)
		INSERT INTO article (newsletter_id, story_id, url, title, first_seen_at, updated_at, state, reason, seq, released_at)
		SELECT $1, id, 'https://news.example/a', 'An article', now(), now(), 'released', '{"key": "reason.words"}', 1, now() FROM st RETURNING id`, letter)
	edition := id(`
		INSERT INTO edition (month, newsletter_id, kind, slot, locale, article_ids, created_at)
		VALUES (date_trunc('month', now())::date, $1, 'instant', now(), 'en', ARRAY[$2::bigint], now()) RETURNING id`, letter, article)
	if err := a.Editions.Compose(t.Context(), edition); !errors.Is(err, mailer.ErrSender) {
		t.Errorf("composing: %v", err)
	}
	want("edition_unmade " + strconv.FormatInt(edition, 10))
}
