package server

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"vistka/internal/page"
)

// headAsGet answers HEAD by what answers GET, also below a mounted router;
// net/http leaves the body out. No route is for HEAD alone.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			chi.RouteContext(r.Context()).RouteMethod = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// wrongMethod names the methods that the address answers to (RFC 9110 section
// 15.5.6).
func (s *server) wrongMethod(routes chi.Routes) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var allow []string
		for _, m := range []string{http.MethodGet, http.MethodPost} {
			if routes.Match(chi.NewRouteContext(), m, r.URL.Path) {
				allow = append(allow, m)
				if m == http.MethodGet {
					allow = append(allow, http.MethodHead)
				}
			}
		}
		w.Header().Set("Allow", strings.Join(allow, ", "))
		e := &page.Error{Status: http.StatusMethodNotAllowed, Key: "method"}
		if r.Method != http.MethodGet || !strings.HasPrefix(r.URL.Path, "/subscribe") {
			return e
		}
		// A phone had dropped the page after a sign-up while the mail was read, and loads it
		// again. Only a press makes that page, and nobody can tell here whose it was.
		e.Key = "signup_page"
		return s.others(w, r, e)
	}
}
