package server

import (
	"errors"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"vistka/internal/hotline"
	"vistka/internal/page"
)

// routes is every public address. What may be posted from where is decided
// here, by the group a route stands in.
func (s *server) routes(root chi.Router) {
	h := s.Pages.Handle
	root.Get("/livez", live)
	root.Get("/readyz", s.ready)
	root.Method(http.MethodGet, "/static/*", s.Pages.Static())
	root.Method(http.MethodGet, "/embed/{file:vistka\\.(?:[0-9a-f]+\\.)?js}", s.Pages.Embed())

	root.Group(func(r chi.Router) {
		r.Use(page.LimitBody(maxBody), page.Within(page.Budget), s.sameFailures)
		r.Get("/", h(s.home))
		r.Get("/n/{slug}", h(s.signupPage))
		r.Get("/embed/{slug}", h(s.embedPage))

		// From other sites too: judged by Origin and form token, no cookie is read.
		r.Post("/subscribe", h(s.subscribe))
		r.Route("/api/v1/subscriptions", s.subscriptions)
		r.Get(challengePath, s.apiHandler(s.challenge))

		// From the site's own server: it only makes us look sooner at a feed we read anyway.
		if s.Ping != nil {
			r.Post("/hooks/ping", h(s.ping))
		}

		r.Group(func(r chi.Router) {
			r.Use(page.Private)

			// From other sites too, as sign-ups are; not even these addresses are logged.
			r.Get("/hotline/callback", h(s.hotlinePage(hotline.Callback)))
			r.Post("/hotline/callback", h(s.takeHotline(hotline.Callback)))
			r.Get("/hotline/complaint", h(s.hotlinePage(hotline.Complaint)))
			r.Post("/hotline/complaint", h(s.takeHotline(hotline.Complaint)))
			r.Get("/hotline/thanks/{token}", h(s.hotlineThanks))
			r.Get("/embed/hotline", h(s.hotlineFrame))

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
				r.Get("/not-my-address/{token}", h(s.notMyAddressPage))
				r.Post("/not-my-address/{token}", h(s.notMyAddress))
				r.Get("/preferences/{token}", h(s.preferencesPage))
				r.Post("/preferences/{token}", h(s.savePreferences))
				s.ownRoutes(r)
				if s.Articles != nil {
					r.Get("/hold/{token}", h(s.holdPage))
					r.Post("/hold/{token}", h(s.hold))
				}
			})
		})
		s.archiveRoutes(r)
		if s.Dev {
			r.Get("/dev/", h(s.devIndex))
			r.Get("/dev/challenge", h(s.devChallenge))
			r.Get("/dev/{page}", h(s.devPage))
			r.Get("/dev/mail/{mail}", h(s.devMail))
			r.Get("/dev/mail/{mail}/html", h(s.devMailHTML))
		}
	})
}

// ownRoutes are what needs a link that was mailed on request: it reveals, or
// cannot be undone.
func (s *server) ownRoutes(r chi.Router) {
	h := s.Pages.Handle
	r.Get("/data/{token}", h(s.dataPage))
	r.Post("/data/{token}", h(s.dataAct))
	r.Get("/data/{token}/mails", h(s.mailsPage))
	r.Get("/data/{token}/consent", h(s.consentPage))
	r.Post("/data/{token}/consent", h(s.mailConsent))
	r.Get("/data/{token}/download", h(s.download))
	r.Post("/data/{token}/address", h(s.askAddress))
	r.Get("/data/{token}/erase", h(s.erasePage))
	r.Post("/data/{token}/erase", h(s.erase))
	r.Get("/address/{token}", h(s.addressPage))
	r.Post("/address/{token}", h(s.confirmAddress))
	r.Get("/keep-address/{token}", h(s.keepAddressPage))
	r.Post("/keep-address/{token}", h(s.keepAddress))
}

// archiveRoutes are the same for everybody, so anybody may keep them. The
// pictures are the news site's own.
func (s *server) archiveRoutes(r chi.Router) {
	h := s.Pages.Handle
	policy := page.Policy{Image: []string{"https:", "http:"}, HTTPS: strings.HasPrefix(s.BaseURL, "https://")}
	r.Group(func(r chi.Router) {
		r.Use(page.Headers(policy), page.Cached(archiveKept))
		r.Get("/archive/{slug}", h(s.archivePage))
		r.Get("/archive/{slug}/", withoutSlash)
		r.Get("/archive/{slug}/feed.xml", h(s.archiveFeed))
		r.Get("/archive/{slug}/{edition:[1-9][0-9]*}", h(s.editionPage)) // one address a page: no 016
	})
}

// subscriptions is signing up for scripts and programs, a newsletter's sites
// among them.
func (s *server) subscriptions(r chi.Router) {
	h := s.apiHandler
	r.Post("/", h(s.apiSubscribe))
	r.Get("/form", h(s.apiForm))
	r.Post("/again", h(s.apiAgain))
	r.Post("/code", h(s.apiCode))
	for _, posted := range []string{"/", "/again", "/code"} {
		r.Options(posted, h(s.preflight))
	}
}

var errCrossOrigin = errors.New("cross-origin post")

// otherSite refuses a post that comes from another site.
func otherSite(http.ResponseWriter, *http.Request) error { return page.Forbidden(errCrossOrigin) }

// maxBody is far above what any public form holds, in octets: a complaint several
// times too long, in Cyrillic, is given back to be shortened.
const maxBody = 256 << 10
