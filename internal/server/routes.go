package server

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"vistka/internal/page"
)

// routes is every public address. What may be posted from where is decided
// here, by the group a route stands in.
func (s *server) routes(root chi.Router) {
	h := s.Pages.Handle
	root.Get("/livez", live)
	root.Get("/readyz", s.ready)
	root.Method(http.MethodGet, "/static/*", s.Pages.Static())

	root.Group(func(r chi.Router) {
		r.Use(page.LimitBody(maxBody), page.Within(page.Budget))
		r.Get("/", h(s.home))
		r.Get("/n/{slug}", h(s.signupPage))

		// From other sites too: judged by Origin and form token, no cookie is read.
		r.Post("/subscribe", h(s.subscribe))
		r.Post("/api/v1/subscriptions", s.apiSubscribe)

		// From the site's own server: it only makes us look sooner at a feed we read anyway.
		if s.Ping != nil {
			r.Post("/hooks/ping", h(s.ping))
		}

		r.Group(func(r chi.Router) {
			r.Use(page.Private)

			// A mail provider posts here on the reader's behalf (RFC 8058): the address is the permission.
			r.Get("/unsubscribe/{token}", h(s.unsubscribePage))
			r.Post("/unsubscribe/{token}", h(s.unsubscribe))

			// From our own pages only.
			r.Group(func(r chi.Router) {
				r.Use(page.OwnPagesOnly(s.BaseURL, h(otherSite)))
				r.Post("/subscribe/again", h(s.again))
				r.Post("/subscribe/code", h(s.code))
				r.Get("/confirm/{token}", h(s.confirmPage))
				r.Post("/confirm/{token}", h(s.confirm))
				r.Get("/not-me/{token}", h(s.notMePage))
				r.Post("/not-me/{token}", h(s.notMe))
				r.Get("/preferences/{token}", h(s.preferencesPage))
				r.Post("/preferences/{token}", h(s.savePreferences))
				if s.Articles != nil {
					r.Get("/hold/{token}", h(s.holdPage))
					r.Post("/hold/{token}", h(s.hold))
				}
			})
		})
		if s.Dev {
			r.Get("/dev/", h(s.devIndex))
			r.Get("/dev/{page}", h(s.devPage))
		}
	})
}

var errCrossOrigin = errors.New("cross-origin post")

// otherSite refuses a post that comes from another site.
func otherSite(http.ResponseWriter, *http.Request) error { return page.Forbidden(errCrossOrigin) }

// maxBody is far above what any public form holds.
const maxBody = 64 << 10
