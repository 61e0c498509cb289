package server_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	articles "vistka/internal/article"
	"vistka/internal/server"
)

// decisions is who may post to each route from a page of another site. A new
// route without a line here fails the test.
var decisions = map[string]string{
	"GET /": "read", "GET /n/{slug}": "read", "GET /livez": "read", "GET /readyz": "read", "GET /static/*": "read",
	"GET /embed/{slug}": "read", "GET /embed/{file:vistka\\.(?:[0-9a-f]+\\.)?js}": "read",
	"GET /api/v1/subscriptions/form":      "listed origins",
	"GET /api/v1/challenge":               "read",
	"OPTIONS /api/v1/subscriptions/":      "read",
	"OPTIONS /api/v1/subscriptions/again": "read",
	"OPTIONS /api/v1/subscriptions/code":  "read",
	"GET /dev/":                           "read", "GET /dev/{page}": "read", "GET /dev/challenge": "read", "GET /dev/mail/{mail}": "read", "GET /dev/mail/{mail}/html": "read",
	"GET /confirm/{token}": "token", "GET /not-me/{token}": "token", "GET /preferences/{token}": "token", "GET /unsubscribe/{token}": "token",
	"POST /subscribe":                  "listed origins",
	"POST /api/v1/subscriptions/":      "listed origins",
	"POST /api/v1/subscriptions/again": "listed origins",
	"POST /api/v1/subscriptions/code":  "listed origins",
	"POST /hooks/ping":                 "anyone: it only makes us look sooner",
	"POST /unsubscribe/{token}":        "anyone with the link",
	"POST /subscribe/again":            "own pages",
	"POST /subscribe/code":             "own pages",
	"POST /confirm/{token}":            "own pages",
	"POST /not-me/{token}":             "own pages",
	"POST /preferences/{token}":        "own pages",

	"GET /archive/{slug}": "public", "GET /archive/{slug}/": "public", "GET /archive/{slug}/feed.xml": "public", "GET /archive/{slug}/{edition:[1-9][0-9]*}": "public",
	"GET /data/{token}": "token", "GET /data/{token}/mails": "token", "GET /data/{token}/consent": "token", "GET /data/{token}/download": "token",
	"GET /data/{token}/erase": "token", "GET /address/{token}": "token", "GET /keep-address/{token}": "token",
	"POST /data/{token}": "own pages", "POST /data/{token}/consent": "own pages", "POST /data/{token}/address": "own pages",
	"GET /not-my-address/{token}": "token", "POST /not-my-address/{token}": "own pages",
	"POST /data/{token}/erase": "own pages", "POST /address/{token}": "own pages", "POST /keep-address/{token}": "own pages",

	"GET /embed/hotline": "read", "GET /hotline/callback": "read", "GET /hotline/complaint": "read", "GET /hotline/thanks/{token}": "token",
	"POST /hotline/callback":  "listed origins, else one more press on our own page",
	"POST /hotline/complaint": "listed origins, else one more press on our own page",

	"GET /hold/{token}":  "token",
	"POST /hold/{token}": "own pages",
}

func TestEveryRouteIsDecided(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *server.Deps) {
		d.Ping = func(context.Context, string) error { return nil }
		d.Articles = &articles.Service{}
	})
	seen := map[string]bool{}
	err := chi.Walk(s.router, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		name := method + " " + route
		seen[name] = true
		path := strings.NewReplacer("{token}", "x", "{slug}", "watch", "{page}", "signup", "{mail}", "welcome", "{file:vistka\\.(?:[0-9a-f]+\\.)?js}", "vistka.js", "*", "tokens.css").Replace(route)
		got := s.do(with(httptest.NewRequest(method, path, nil), []string{"Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site"}))
		switch decisions[name] {
		case "":
			t.Errorf("%s: nobody has decided who may call it", name)
		case "own pages":
			if got.StatusCode != http.StatusForbidden {
				t.Errorf("%s from another site: %d", name, got.StatusCode)
			}
		case "token":
			if got.StatusCode != http.StatusNotFound || got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Referrer-Policy") != "same-origin" {
				t.Errorf("%s with a made-up token: %d %v", name, got.StatusCode, got.Header)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(decisions)) {
		if !seen[name] {
			t.Errorf("%s is decided but not routed", name)
		}
	}
}

func TestHeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/", "/n/watch", "/n/none", "/nothing", "/livez", "/static/tokens.css", "/static/none.css", "/confirm/x", "/dev/sent?accent=%23aa3300"} {
		got := s.get(path)
		csp := got.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: policy lacks %s: %s", path, want, csp)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: %s", path, csp)
		}
		if got.Header.Get("X-Content-Type-Options") != "nosniff" || got.Header.Get("Strict-Transport-Security") == "" ||
			got.Header.Get("Cross-Origin-Opener-Policy") != "same-origin" || !strings.Contains(got.Header.Get("Content-Type"), "charset") {
			t.Errorf("%s: %v", path, got.Header)
		}
	}
	if got := s.do(httptest.NewRequest(http.MethodTrace, "/", nil)); got.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("TRACE: %d", got.StatusCode)
	}
	for path, allow := range map[string]string{"/n/watch": "GET, HEAD", "/subscribe": "POST", "/confirm/x": "GET, HEAD, POST"} {
		got := s.do(httptest.NewRequest(http.MethodDelete, path, nil))
		if got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != allow {
			t.Errorf("DELETE %s: %d, allowed %q", path, got.StatusCode, got.Header.Get("Allow"))
		}
	}
	s.router.Mount("/below", func() http.Handler { // as the admin pages are
		r := chi.NewRouter()
		r.Get("/", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusSeeOther) })
		return r
	}())
	if got := s.do(httptest.NewRequest(http.MethodHead, "/below/", nil)); got.StatusCode != http.StatusSeeOther {
		t.Errorf("HEAD of a mounted page: %d", got.StatusCode)
	}
}

func TestEveryDevPageInBothLanguages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, href := range s.get("/dev/").doc.Find("main a").EachIter() {
		got := s.get(href.AttrOr("href", ""))
		if got.StatusCode != http.StatusOK || got.doc.Find("h1").Length() != 1 || got.doc.Find("title").Text() == "" {
			t.Errorf("%s: %d", href.AttrOr("href", ""), got.StatusCode)
		}
	}
}

// Every page, what answers a press and what was not found among them, can be read
// in the other language: by a link that can be opened, or a button that shows the
// same page once more (TestAnswersInAnotherLanguage).
func TestEveryPageHasItsOtherLanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	data, settings, leave := s.fresh(c, "nadia@example.org"), "/preferences/"+c.Preferences, s.leaveLink(c)
	typed := func(email string) url.Values {
		return url.Values{"newsletter": {"watch"}, "email": {email}, "form": {fill(s.get("/n/watch").doc, "form").Get("form")}}
	}
	wrong, right := typed(""), typed("olha@example.org")
	s.clock.Advance(3 * time.Second)
	sent := s.post("/subscribe", right, "Origin", baseURL)
	code := fill(sent.doc, "form[action='/subscribe/code']")
	code.Set("code", "000000")
	address := fill(s.get(data).doc, "form")
	address.Set("email", "nadia")
	s.clock.Advance(3 * time.Second)
	for name, got := range map[string]answer{
		"wrong address":  s.post("/subscribe", wrong, "Origin", baseURL),
		"sent":           sent,
		"send again":     s.post("/subscribe/again", fill(sent.doc, "form[action='/subscribe/again']"), "Origin", baseURL),
		"wrong code":     s.post("/subscribe/code", code, "Origin", baseURL),
		"no newsletter":  s.post("/subscribe", url.Values{"newsletter": {"none"}, "email": {"a@example.org"}}, "Origin", baseURL),
		"bad settings":   s.post(settings, url.Values{"topics": {"2"}}, "Origin", baseURL),
		"not an act":     s.post(settings, url.Values{"cadence": {"hourly"}}, "Origin", baseURL),
		"too fast":       s.post(leave, url.Values{"act": {"leave"}}),
		"other address":  s.post(data+"/address", address, "Origin", baseURL),
		"confirmed":      s.get(s.confirmLink("third@example.org")),
		"nothing":        s.get("/nothing/here?a=b"),
		"bad link":       s.get("/confirm/x"),
		"no such post":   s.post("/nothing", url.Values{}),
		"not by opening": s.get("/subscribe"),
		"another's host": s.get("//elsewhere.example/x"),
	} {
		if got.doc.Find("header nav button[lang=uk]").Length() == 1 {
			if there := s.inUkrainian(got); there.doc.Find("html").AttrOr("lang", "") != "uk" || there.StatusCode != got.StatusCode {
				t.Errorf("%s: %d, then %d in %s", name, got.StatusCode, there.StatusCode, there.doc.Find("html").AttrOr("lang", ""))
			}
			continue
		}
		href := got.doc.Find("header nav a[lang=uk]").AttrOr("href", "")
		if !strings.HasPrefix(href, "/") || strings.HasPrefix(href, "//") {
			t.Errorf("%s: %d leads to %q", name, got.StatusCode, href)
			continue
		}
		there := s.get(href)
		if there.doc.Find("html").AttrOr("lang", "") != "uk" || there.StatusCode != http.StatusOK && there.StatusCode != got.StatusCode {
			t.Errorf("%s: %s is %d in %s", name, href, there.StatusCode, there.doc.Find("html").AttrOr("lang", ""))
		}
	}
}

func TestLogNamesNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	link := s.leaveLink(c)
	s.get(link)
	s.get("/confirm/very-secret-token?email=nadia@example.org")
	s.do(oneClick(link, "application/x-www-form-urlencoded", urlencoded))
	log := s.log.String()
	for _, secret := range []string{"nadia", strings.TrimPrefix(link, "/unsubscribe/"), "very-secret", "192.0.2."} {
		if strings.Contains(log, secret) {
			t.Errorf("%q is in the log:\n%s", secret, log)
		}
	}
	if n := strings.Count(log, "msg=request"); n != 4 {
		t.Errorf("%d lines for 4 requests:\n%s", n, log)
	}
	if !strings.Contains(log, "route=/unsubscribe/{token}") {
		t.Errorf("no pattern in the log:\n%s", log)
	}
}

func TestErrorsShowNoInside(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *server.Deps) {
		d.Ready = func(context.Context) error { return errAway }
	})
	if got := s.get("/readyz"); got.StatusCode != http.StatusServiceUnavailable || strings.Contains(got.body, "away") {
		t.Errorf("%d %q", got.StatusCode, got.body)
	}
	s.pool.Close()
	got := s.get("/n/watch")
	if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" || strings.Contains(got.body, "pool") || got.text("code") == "" ||
		got.text("code") != got.Header.Get("X-Request-Id") || !strings.Contains(s.log.String(), got.text("code")) {
		t.Errorf("%d %q", got.StatusCode, got.text("main"))
	}
}

func TestHome(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if got := s.get("/", "Accept-Language", "uk"); got.text("h1") != "Subscribe to Media Watch" {
		t.Errorf("the only newsletter: %q", got.text("main"))
	}
	if got := s.get("/?lang=uk"); got.text("h1") != "Підписка на розсилку «Media Watch»" || !strings.Contains(got.Header.Get("Vary"), "Accept-Language") {
		t.Errorf("asked for Ukrainian: %q", got.text("main"))
	}
	if _, err := s.pool.Exec(t.Context(), "UPDATE newsletter SET archived_at = now()"); err != nil {
		t.Fatal(err)
	}
	if got := s.get("/", "Accept-Language", "uk"); got.text("h1") != "Розсилок ще немає" {
		t.Errorf("none: %q", got.text("main"))
	}
	if got := s.get("/n/watch"); got.StatusCode != http.StatusGone {
		t.Errorf("archived: %d", got.StatusCode)
	}
}

// Text that no column takes is the sender's mistake, not ours.
func TestGarbledText(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/n/%00", "/n/%FF", "/n/watch?article=%FF", "/unsubscribe/%00", "/confirm/%FF"} {
		if got := s.get(path); got.StatusCode >= http.StatusInternalServerError {
			t.Errorf("GET %s: %d", path, got.StatusCode)
		}
	}
	form := foreign("nadia@example.org")
	for name := range form {
		garbled := maps.Clone(form)
		garbled.Set(name, "\x00\xff")
		if got := s.post("/subscribe", garbled, "Origin", siteOrigin); got.StatusCode >= http.StatusInternalServerError {
			t.Errorf("%s garbled: %d", name, got.StatusCode)
		}
	}
}
