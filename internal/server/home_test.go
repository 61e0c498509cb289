package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vistka/internal/newsletter"
	"vistka/internal/server"
)

// Whoever comes to sign up reads which newsletters there are, not about links in mails.
func TestSigningUpForWhatIsNotThere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	old := newsletter.New()
	old.Slug, old.Name, old.FromName, old.FromAddress = "old", "Old News", "Old News", "news@example.org"
	if _, err := newsletter.Add(t.Context(), s.pool, old, "", s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.pool.Exec(t.Context(), "UPDATE newsletter SET archived_at = now() WHERE slug = 'old'"); err != nil {
		t.Fatal(err)
	}
	for slug, want := range map[string]string{"old": "This newsletter has ended", "none": "There is no such newsletter"} {
		form := foreign("nadia@example.org")
		form.Set("newsletter", slug)
		for _, got := range []answer{s.get("/n/" + slug + "?lang=en"), s.post("/subscribe", form, "Origin", siteOrigin)} {
			if got.StatusCode < 400 || got.text("h1") != want || got.doc.Find("main a[href='/n/watch']").Length() != 1 || got.doc.Find("a[href='/n/old']").Length() != 0 {
				t.Errorf("%s: %d %q", slug, got.StatusCode, got.text("main"))
			}
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/api/v1/subscriptions", strings.NewReader(`{"email": "nadia@example.org", "newsletter": "none"}`))
	got := s.do(with(r, []string{"Content-Type", "application/json"}))
	if got.StatusCode != http.StatusNotFound || !strings.Contains(got.body, `"/problems/no_newsletter"`) || !strings.Contains(got.body, `"detail":`) {
		t.Errorf("to a program: %d %s", got.StatusCode, got.body)
	}
	if got := s.post("/subscribe", foreign("nadia@example.org"), "Content-Type", "text/plain"); got.StatusCode != http.StatusBadRequest {
		t.Errorf("no form: %d %q", got.StatusCode, got.text("main"))
	}
	for _, path := range []string{"/nothing", "/confirm/x"} {
		if got := s.get(path + "?lang=uk"); got.doc.Find("main a[href='/?lang=uk']").Length() != 1 {
			t.Errorf("%s leads nowhere: %q", path, got.text("main"))
		}
	}
}

// A tab that is loaded again where a press had led says what to do, and takes no try from anybody.
func TestPageAfterSignUpLoadedAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/subscribe", "/subscribe/again", "/subscribe/code"} {
		got := s.get(path + "?lang=en")
		if got.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(got.text(".lead"), "the link in it is enough") || got.doc.Find("main a[href='/n/watch']").Length() != 1 {
			t.Errorf("%s: %d %q", path, got.StatusCode, got.text("main"))
		}
		if got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("X-Robots-Tag") != "noindex" {
			t.Errorf("%s may be kept: %v", path, got.Header)
		}
	}
}

// A database that hangs must not hang readers: every page gives up in time.
func TestPagesHaveABudget(t *testing.T) {
	t.Parallel()
	bounded := false
	s := newSite(t, func(d *server.Deps) {
		d.Latest = func(ctx context.Context, _ int64, _ int) ([]server.Article, error) {
			_, bounded = ctx.Deadline()
			return nil, nil
		}
	})
	link := s.confirmLink("nadia@example.org")
	s.subscribed("nadia@example.org")
	if s.get(link); !bounded {
		t.Error("a page may take for ever")
	}
}
