package page

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestAPageThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	pages := newPages(t)
	hangs := pages.Handle(func(_ http.ResponseWriter, r *http.Request) error {
		<-r.Context().Done()
		return r.Context().Err()
	})
	w := httptest.NewRecorder()
	Within(time.Millisecond)(hangs).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestAProxyIsRemembered(t *testing.T) {
	t.Parallel()
	pages := newPages(t)
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	h := pages.WatchProxy(nil, func() time.Time { return now })(http.NotFoundHandler())
	ask := func(forwarded string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "127.0.0.1:4711"
		r.Header.Set("X-Forwarded-For", forwarded)
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	if ask(""); pages.ProxySeen(now) {
		t.Error("seen without one")
	}
	ask("203.0.113.7")
	if ask(""); !pages.ProxySeen(now.Add(23*time.Hour)) || pages.ProxySeen(now.Add(25*time.Hour)) {
		t.Error("not remembered for a day")
	}
}
