// Package server is the public half of the site: the sign-up form wherever it
// stands, confirmation, one-click leaving (RFC 8058), the preference centre.
// Handlers parse, ask the domain, and find the words; they know no SQL.
package server

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"vistka/internal/account"
	"vistka/internal/article"
	"vistka/internal/edition"
	"vistka/internal/hotline"
	"vistka/internal/mailer"
	"vistka/internal/page"
	"vistka/internal/postgres"
	"vistka/internal/subscriber"
	"vistka/internal/token"
)

// Deps are what the public pages stand on.
type Deps struct {
	Pages       *page.Pages
	DB          postgres.DB
	Subscribers *subscriber.Service
	// Leaving is Subscribers on connections that nothing else may take
	// (rule B12); nil: the same ones.
	Leaving *subscriber.Service
	Hotline *hotline.Service
	Keys    *token.Keys
	Clock   *postgres.Clock
	BaseURL string // scheme://host[:port], without a trailing slash
	Log     *slog.Logger

	// TrustedProxies are the networks whose X-Forwarded-For is believed. None: the peer is the reader.
	TrustedProxies []netip.Prefix
	// Ready says why the process cannot serve now; nil is ready.
	Ready func(context.Context) error
	// MailServer reports whether a domain (A-label) takes mail; nil: not asked.
	MailServer func(ctx context.Context, domain string) bool
	// Latest returns a newsletter's newest articles for the thank-you page; nil: none are shown.
	Latest func(ctx context.Context, newsletterID int64, n int) ([]Article, error)
	// Ping reads the feeds of a site soon, on the site's own word; nil: there is no such route.
	Ping func(ctx context.Context, url string) error
	// Editions are what was mailed, for the archive and for whoever it was mailed to.
	Editions *edition.Service
	// Renderer makes an edition's public page, and the mails under /dev/.
	Renderer *mailer.Renderer
	// Articles and Accounts are for the link that holds an article; nil: there is no such route.
	Articles *article.Service
	Accounts *account.Service
	// NewsletterMaxAge is how old what a sign-up knows of its newsletter may be;
	// 0: each reads it. That it is not archived is asked again when one is recorded.
	NewsletterMaxAge time.Duration
	// Dev shows every page with canned data under /dev/.
	Dev bool
}

// Article is a line of the thank-you page.
type Article struct{ Title, URL string }

type server struct {
	Deps
	limits      *limits
	newsletters *newsletterCache
}

// New returns the router with what every answer needs and the public routes on
// it. Admin pages and the inbox are mounted on the same router.
func New(d Deps) *chi.Mux {
	d.BaseURL = strings.TrimRight(d.BaseURL, "/")
	if d.Leaving == nil {
		d.Leaving = d.Subscribers
	}
	s := &server{Deps: d, limits: newLimits(), newsletters: newNewsletterCache(d.NewsletterMaxAge)}
	r := chi.NewRouter()
	r.Use(
		d.Pages.WatchProxy(d.TrustedProxies, d.Clock.Now),
		page.ClientIP(d.TrustedProxies),
		page.Log(d.Log, "/hotline", "/embed/hotline", "/inbox", "/livez", "/readyz", "/static"),
		page.Headers(page.Policy{HTTPS: strings.HasPrefix(d.BaseURL, "https://")}),
		d.Pages.Recover,
		headAsGet,
	)
	r.NotFound(d.Pages.Handle(func(http.ResponseWriter, *http.Request) error { return page.NotFound(nil) }))
	r.MethodNotAllowed(d.Pages.Handle(s.wrongMethod(r)))
	s.routes(r)
	return r
}
