package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"vistka/internal/hotline"
)

// The logo stands on the newsletter's own pages and in its frames; those alone
// let the browser ask its server, and that server is told nothing of the page.
func TestLogo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const logo = "https://cdn.example.net/logo.svg"
	s.exec(`UPDATE newsletter SET logo_url = $1`, logo)
	s.setHotline(hotline.Settings{Open: true, KeepDays: 30})
	c := s.subscribed("nadia@example.org")
	s.release(1, day)
	for _, path := range []string{"/n/watch", "/embed/watch", "/archive/watch", fmt.Sprintf("/archive/watch/%d", s.mailed(1)), "/preferences/" + c.Preferences, s.confirmLink("new@example.org")} {
		got := s.get(path)
		img := got.doc.Find(".logo img[alt=''][referrerpolicy='no-referrer']")
		if img.Length() != 1 || img.AttrOr("src", "") != logo {
			t.Errorf("%s: no logo: %s", path, got.body)
		}
		policy := got.Header.Get("Content-Security-Policy")
		if strings.HasPrefix(path, "/archive/") {
			continue // pictures of articles come from anywhere
		}
		if !strings.Contains(policy, "img-src 'self' data: https://cdn.example.net;") {
			t.Errorf("%s: %s", path, policy)
		}
	}
	for _, path := range []string{"/hotline/callback", "/embed/hotline", "/n/nothing"} {
		if got := s.get(path); got.StatusCode == http.StatusNotFound != (path == "/n/nothing") || got.doc.Find(".logo").Length() != 0 || !strings.Contains(got.Header.Get("Content-Security-Policy"), "img-src 'self' data:;") {
			t.Errorf("%s: a logo: %v", path, got.Header)
		}
	}
	s.exec(`UPDATE newsletter SET logo_url = 'https://a;script-src.example/logo.png'`)
	if got := s.get("/archive/watch"); got.doc.Find(".logo").Length() != 0 {
		t.Error("an address that could be a policy is shown")
	}
}
