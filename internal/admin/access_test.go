package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"vistka/internal/account"
)

// open are the addresses that need no log-in.
var open = map[string]bool{"GET /login": true, "POST /login": true, "GET /setup": true, "POST /setup": true}

func walk(t *testing.T, s *site, f func(method, pattern string)) {
	t.Helper()
	err := chi.Walk(s.mux, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		f(method, pattern)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func fill(pattern string, id int64) string {
	return "/admin" + strings.ReplaceAll(pattern, "{id}", fmt.Sprint(id))
}

func TestEveryRouteNeedsALogin(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(account.Owner)
	n := 0
	walk(t, s, func(method, pattern string) {
		if open[method+" "+pattern] {
			return
		}
		n++
		b := s.browser()
		got := b.get(fill(pattern, 1))
		if method == http.MethodPost {
			got = b.post(fill(pattern, 1), url.Values{})
		}
		if got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/admin/login") {
			t.Errorf("%s %s without a session: %d to %q", method, pattern, got.status, got.header.Get("Location"))
		}
	})
	if n < 20 {
		t.Errorf("only %d routes were tried", n)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, articleID, _, _ := s.seeded()
	needs := map[string]account.Role{}
	for _, r := range (&admin{}).table() {
		needs[r.method+" "+r.pattern] = r.need
	}
	for _, role := range account.Roles() {
		s.account(role)
		b := s.as(role)
		walk(t, s, func(method, pattern string) {
			if open[method+" "+pattern] || pattern == "/logout" {
				return
			}
			got := b.get(fill(pattern, articleID))
			if method == http.MethodPost {
				got = b.post(fill(pattern, articleID), url.Values{"act": {"nothing"}})
			}
			allowed := role.Allows(needs[method+" "+pattern])
			if allowed == (got.status == http.StatusForbidden) || got.status >= 500 {
				t.Errorf("%s, %s %s: %d, allowed %v", role, method, pattern, got.status, allowed)
			}
		})
	}
	// What each role must and must not do, said apart from the table.
	for what, want := range map[string]account.Role{
		"POST /articles/{id}": account.Editor, "POST /subscribers/{id}": account.Editor, "POST /export": account.Editor, "GET /export": account.Editor,
		"POST /newsletters/new": account.Owner, "POST /feeds": account.Owner, "GET /": account.Viewer,
	} {
		if needs[what] != want {
			t.Errorf("%s needs %q, want %q", what, needs[what], want)
		}
	}
}

func TestPagesAreGuarded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(account.Owner)
	b := s.as(account.Owner)
	got := b.get("/admin/")
	if got.header.Get("Cache-Control") != "no-store" || !strings.Contains(got.header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("headers %v", got.header)
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/admin/logout", nil)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := b.do(req); got.status != http.StatusForbidden {
		t.Errorf("a post from another site: %d", got.status)
	}
	if got := b.get("/admin/"); got.status != http.StatusOK {
		t.Errorf("the foreign post ended the session: %d", got.status)
	}
}

// What goes wrong is said in the account's language, with the way back in sight.
func TestErrorsSpeakTheAccountsLanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(account.Owner)
	s.account(account.Viewer)
	for _, c := range []struct {
		role   account.Role
		path   string
		status int
		says   string
	}{
		{account.Owner, "/admin/articles/999", http.StatusNotFound, "Тут нічого немає"},
		{account.Owner, "/admin/nowhere", http.StatusNotFound, "Тут нічого немає"},
		{account.Viewer, "/admin/newsletters/new", http.StatusForbidden, "Ваша роль цього не дозволяє"},
		{account.Owner, "/admin/articles?q=%FF%FE", http.StatusBadRequest, "Не вдалося прочитати запит"},
	} {
		b := s.as(c.role)
		b.post("/admin/language", url.Values{"code": {"uk"}, "next": {"/admin/"}})
		got := b.get(c.path)
		if got.status != c.status || got.Find("h1").Text() != c.says || got.Find(`nav a[href="/admin/articles"]`).Length() != 1 {
			t.Errorf("%s: %d %q", c.path, got.status, got.Find("h1").Text())
		}
	}
	if got := s.browser().login("\xff@example.org", phrase); got.status >= http.StatusInternalServerError {
		t.Errorf("log-in with a garbled address: %d", got.status)
	}
}
