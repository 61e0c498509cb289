package admin

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vistka/internal/account"
)

func sessionCookie(b *browser) string {
	u, _ := url.Parse(b.url + "/admin/")
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == "vistka-session" {
			return c.Value
		}
	}
	return ""
}

func TestSetUpOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	if got := b.get(SetupPath + "wrong"); got.status != http.StatusNotFound {
		t.Errorf("a wrong link: %d", got.status)
	}
	tok, err := s.accounts.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := b.get(SetupPath + tok); got.status != http.StatusOK || got.Find(`input[name=password][autocomplete="new-password"]`).Length() != 1 {
		t.Fatalf("the set-up page: %d", got.status)
	}
	got := b.post("/admin/setup", url.Values{"token": {tok}, "name": {"Desk <b>"}, "address": {"desk"}, "password": {"short"}})
	if got.status != http.StatusUnprocessableEntity || got.Find("#e-address").Length() != 1 || got.Find("#e-password").Length() != 1 {
		t.Errorf("field errors: %d %s", got.status, got.text(".error"))
	}
	leads(t, "set-up", got, "address", "password")
	if v, _ := got.Find("#f-name").Attr("value"); v != "Desk <b>" {
		t.Errorf("input was not kept: %q", v)
	}
	if v, _ := got.Find("#f-password").Attr("value"); v != "" {
		t.Error("the password came back")
	}
	got = b.post("/admin/setup", url.Values{"token": {tok}, "name": {"Desk"}, "address": {"desk@example.org"}, "password": {phrase}})
	if got.status != http.StatusSeeOther {
		t.Fatalf("set-up: %d %s", got.status, got.Text())
	}
	if got := b.get("/admin/"); got.status != http.StatusOK || !strings.Contains(got.text(".foot"), "Desk") {
		t.Errorf("not logged in after set-up: %d", got.status)
	}
	if got := s.browser().get(SetupPath + tok); got.status != http.StatusGone {
		t.Errorf("the link again: %d", got.status)
	}
}

func TestSessionLife(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.account(account.Editor)
	b := s.browser()

	planted := strings.Repeat("A", 43)
	u, _ := url.Parse(s.url)
	b.Jar.SetCookies(u, []*http.Cookie{{Name: "vistka-session", Value: planted, Path: "/"}})
	got := b.login("editor@example.org", phrase)
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/admin/" {
		t.Fatalf("log-in: %d", got.status)
	}
	cookies := strings.Join(got.header.Values("Set-Cookie"), "\n")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
		if strings.Count(cookies, want) != 2 {
			t.Errorf("cookies lack %s: %s", want, cookies)
		}
	}
	tok := sessionCookie(b)
	if tok == planted || len(tok) < 22 {
		t.Errorf("token %q is planted or short", tok)
	}
	if n := s.count("SELECT count(*) FROM sessions WHERE token = $1", tok); n != 0 {
		t.Error("the token stands in the database as it is")
	}
	if got := b.get("/admin/"); got.status != http.StatusOK {
		t.Fatalf("home: %d", got.status)
	}
	if left := s.count("SELECT extract(epoch FROM max(expiry) - now())::int FROM sessions"); left > int(idleLimit.Seconds()) || left < 60 {
		t.Errorf("the session lives %d s more, the idle limit is %v", left, idleLimit)
	}

	if b.login("editor@example.org", phrase); sessionCookie(b) == tok {
		t.Error("a second log-in goes on under the first one's token")
	}
	renewed := sessionCookie(b)
	b.Jar.SetCookies(u, []*http.Cookie{{Name: "vistka-session", Value: tok, Path: "/"}})
	if got := b.get("/admin/"); got.status != http.StatusSeeOther {
		t.Errorf("the token from before the log-in still works: %d", got.status)
	}
	tok = renewed
	b.Jar.SetCookies(u, []*http.Cookie{{Name: "vistka-session", Value: tok, Path: "/"}})
	if got := b.post("/admin/logout", nil); got.status != http.StatusSeeOther {
		t.Errorf("log-out: %d", got.status)
	}
	b.Jar.SetCookies(u, []*http.Cookie{{Name: "vistka-session", Value: tok, Path: "/"}})
	if got := b.get("/admin/"); got.status != http.StatusSeeOther {
		t.Errorf("the old token still works: %d", got.status)
	}

	b = s.as(account.Editor)
	s.exec("UPDATE sessions SET expiry = now() - interval '1 second'")
	if got := b.get("/admin/"); got.status != http.StatusSeeOther {
		t.Errorf("an expired session works: %d", got.status)
	}
	b = s.as(account.Editor)
	if err := s.accounts.SetPassword(t.Context(), a.ID, "another calm heron lake", 0); err != nil {
		t.Fatal(err)
	}
	if got := b.get("/admin/"); got.status != http.StatusSeeOther {
		t.Errorf("the session outlives its password: %d", got.status)
	}
}

func TestLoginRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(account.Owner)
	b := s.browser()
	wrong, unknown := b.login("owner@example.org", "wrong"), b.login("nobody@example.org", "wrong")
	if wrong.status != http.StatusUnprocessableEntity || unknown.status != wrong.status || wrong.text(".notice") != unknown.text(".notice") || wrong.text(".notice") == "" {
		t.Errorf("the answers differ: %d %q, %d %q", wrong.status, wrong.text(".notice"), unknown.status, unknown.text(".notice"))
	}
	if v, _ := wrong.Find("#f-address").Attr("value"); v != "owner@example.org" {
		t.Errorf("address was not kept: %q", v)
	}
	if n := s.count("SELECT count(*) FROM audit_event WHERE act = 'login.refused' AND account_id IS NULL AND object = ''"); n != 2 {
		t.Errorf("%d refusals are in the trail", n)
	}
	var last answer
	for range 12 {
		last = b.login("owner@example.org", "wrong")
	}
	if last.status != http.StatusTooManyRequests || last.header.Get("Retry-After") != "900" {
		t.Errorf("guessing goes on: %d, Retry-After %q", last.status, last.header.Get("Retry-After"))
	}
}

func TestReturnAddressStaysHere(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"/admin/articles?state=held": "/admin/articles?state=held",
		"":                           "/admin/",
		"https://evil.example/":      "/admin/",
		"//evil.example/admin/":      "/admin/",
		"/admin//evil.example":       "/admin/",
		`/admin/\evil.example`:       "/admin/",
		"/elsewhere":                 "/admin/",
		"/admin/login?next=x":        "/admin/",
		"javascript:alert(1)":        "/admin/",
	} {
		if got := ownPath(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestCookieNames(t *testing.T) {
	t.Parallel()
	https := newSessions(nil, true)
	if https.Cookie.Name != "__Host-vistka-session" || !https.Cookie.Secure || https.Cookie.Path != "/" || https.Cookie.Domain != "" || !https.Cookie.HttpOnly {
		t.Errorf("%+v", https.Cookie)
	}
	if https.IdleTimeout <= 0 || https.Lifetime <= https.IdleTimeout || https.Lifetime > 7*24*time.Hour {
		t.Errorf("limits %v, %v", https.IdleTimeout, https.Lifetime)
	}
}

func TestLanguageIsRemembered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.account(account.Viewer)
	b := s.as(account.Viewer)
	if got := b.post("/admin/language", url.Values{"code": {"uk"}, "next": {"/admin/articles"}}); got.header.Get("Location") != "/admin/articles" {
		t.Errorf("leads to %q", got.header.Get("Location"))
	}
	if lang, _ := b.get("/admin/articles").Find("html").Attr("lang"); lang != "uk" {
		t.Errorf("lang %q", lang)
	}
	if got, err := s.accounts.Get(t.Context(), a.ID); err != nil || got.Locale != "uk" {
		t.Errorf("stored %q, %v", got.Locale, err)
	}
}
