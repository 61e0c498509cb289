package page

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestAPageThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	pages, _ := newPages(t)
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
