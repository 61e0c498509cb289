package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"vistka/internal/server"
)

// Behind a trusted proxy every reader counts alone, whatever they claim about
// themselves, and our own pages are known by the base URL though the proxy asks
// under another host.
func TestBehindATrustedProxy(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *server.Deps) { d.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	post := func(reader string, form url.Values, origin string) answer {
		r := httptest.NewRequest(http.MethodPost, "/subscribe", strings.NewReader(form.Encode()))
		r.Host, r.RemoteAddr = "vistka:8080", "10.1.2.3:4242"
		return s.do(with(r, []string{
			"Origin", origin, "Content-Type", "application/x-www-form-urlencoded", "X-Forwarded-For", "198.51.100.1, " + reader,
		}))
	}
	form := fill(s.get("/n/watch?lang=en").doc, "form")
	form.Set("email", "nadia@example.org")
	s.clock.Advance(3 * time.Second)
	if got := post("203.0.113.9", form, baseURL); got.text("h1") != "One step left" {
		t.Errorf("our own page: %d %q", got.StatusCode, got.text("main"))
	}
	if got := post("203.0.113.9", foreign("nadia@example.org"), "https://vistka:8080"); got.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a page under the proxy's name for us, without a token: %d", got.StatusCode)
	}
	var last answer
	for range 25 {
		last = post("203.0.113.9", foreign("nadia@example.org"), siteOrigin)
	}
	if last.StatusCode != http.StatusTooManyRequests {
		t.Errorf("25 of one reader: %d", last.StatusCode)
	}
	if got := post("203.0.112.7", foreign("olha@example.org"), siteOrigin); got.text("h1") != "One step left" {
		t.Errorf("the next reader: %d", got.StatusCode)
	}
	if n := s.count("SELECT count(*) FROM signup WHERE ip = '198.51.100.1'"); n != 0 {
		t.Error("an address that the reader made up was believed")
	}
}

// The way back is judged anew when it is shown: a site that was taken off the
// list in between gets no reader from us.
func TestWayBackIsJudgedWhenItIsShown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.confirmLink("nadia@example.org")
	shown := s.get(c)
	s.clock.Advance(3 * time.Second)
	done := s.press(c, fill(shown.doc, "form"), "Origin", baseURL)
	if href := done.doc.Find(".back a").AttrOr("href", ""); href != article {
		t.Errorf("back leads to %q", href)
	}
	if _, err := s.pool.Exec(t.Context(), "UPDATE newsletter SET origins = '{}', site_url = ''"); err != nil {
		t.Fatal(err)
	}
	if got := s.get(c); got.StatusCode != http.StatusOK || strings.Contains(got.body, article) {
		t.Errorf("%d, back leads to %q", got.StatusCode, got.doc.Find(".back a").AttrOr("href", ""))
	}
}

// A browser that tells no origin, or "null", presses the button of our own page as
// any other does, once is enough, and where pressing cannot help nobody is told to.
func TestPressWithoutAnOrigin(t *testing.T) {
	t.Parallel()
	for _, origin := range []string{"", "null"} {
		s := hotlineSite(t)
		for path, form := range map[string]url.Values{"/subscribe": foreign("nadia@example.org"), "/hotline/callback": snippets["/hotline/callback"]} {
			post := func(form url.Values) answer {
				if origin == "" {
					return s.post(path, form)
				}
				return s.post(path, form, "Origin", origin)
			}
			var asked answer
			for range 21 {
				if asked = post(form); asked.StatusCode == http.StatusTooManyRequests {
					break
				}
			}
			words := asked.text("[role=alert]")
			if asked.StatusCode != http.StatusTooManyRequests || !strings.Contains(words, "Many people share your network") || asked.Header.Get("Retry-After") != "2" {
				t.Fatalf("%s from %q: %d, after %s: %q", path, origin, asked.StatusCode, asked.Header.Get("Retry-After"), words)
			}
			again := fill(asked.doc, "main form")
			s.clock.Advance(2 * time.Second)
			if got := post(again); got.StatusCode >= http.StatusBadRequest {
				t.Fatalf("%s from %q, pressed: %d %q", path, origin, got.StatusCode, got.text("main"))
			}
			var over answer
			for range 200 {
				if over = post(again); over.StatusCode == http.StatusTooManyRequests {
					break
				}
			}
			for name, got := range map[string]answer{"pressed": over, "from elsewhere": post(form)} {
				if got.StatusCode != http.StatusTooManyRequests || !strings.Contains(got.text("main"), "ry again in 10 minutes") || got.Header.Get("Retry-After") != "600" {
					t.Errorf("%s from %q, too often, %s: %d, after %s: %q", path, origin, name, got.StatusCode, got.Header.Get("Retry-After"), got.text("main"))
				}
			}
			s.clock.Advance(10 * time.Minute)
			if got := post(form); got.StatusCode >= http.StatusBadRequest {
				t.Errorf("%s from %q, ten minutes later: %d", path, origin, got.StatusCode)
			}
		}
	}
}
