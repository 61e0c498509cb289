// Package admin is the pages behind the log-in: what is going on, what is
// wrong, and the acts of owners and editors. Sessions follow OWASP ASVS 5.0
// chapter 7; every page works without JavaScript.
package admin

import (
	"log/slog"
	"net/http"
	"net/netip"
	"strings"

	"github.com/alexedwards/scs/v2"
	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/account"
	"vistka/internal/article"
	"vistka/internal/delivery"
	"vistka/internal/edition"
	"vistka/internal/hotline"
	"vistka/internal/page"
	"vistka/internal/postgres"
	"vistka/internal/subscriber"
)

// Deps are what the admin pages stand on.
type Deps struct {
	Pages       *page.Pages
	DB          *pgxpool.Pool
	Accounts    *account.Service
	Articles    *article.Service
	Subscribers *subscriber.Service
	Editions    *edition.Service
	Deliveries  *delivery.Service
	Hotline     *hotline.Service
	Clock       *postgres.Clock
	BaseURL     string // scheme://host[:port], without a trailing slash
	Log         *slog.Logger

	// TrustedProxies as the public pages have them; without any, Home warns of a proxy that is not trusted.
	TrustedProxies []netip.Prefix
	// RelayOnLoopback says that no mail leaves this machine, so that no postal address is demanded.
	RelayOnLoopback bool
	// NoRelay says that all mail stays in the built-in inbox.
	NoRelay bool
	// InboxURL leads to its pages; empty with a relay, or where others could read them.
	InboxURL string
}

type admin struct {
	Deps
	sessions *scs.SessionManager
}

// New returns the admin pages, to be mounted at /admin of a router that has
// set the security headers, the log and the client's address.
func New(d Deps) *chi.Mux {
	d.BaseURL = strings.TrimRight(d.BaseURL, "/")
	a := &admin{Deps: d, sessions: newSessions(d.DB, strings.HasPrefix(d.BaseURL, "https://"))}
	a.sessions.ErrorFunc = d.Pages.Fail // before anybody is known
	r := chi.NewRouter()
	r.Use(page.Private, page.LimitBody(maxBody), page.OwnPagesOnly(d.BaseURL, a.handle(otherSite)), a.sessions.LoadAndSave, a.identify)
	a.routes(r)
	return r
}

// maxBody is far above what any form here holds.
const maxBody = 256 << 10 // octets

// otherSite refuses a post that comes from another site.
func otherSite(http.ResponseWriter, *http.Request) error {
	return &page.Error{Status: http.StatusForbidden, Key: "admin_origin"}
}
