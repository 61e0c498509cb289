package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"vistka/internal/admin"
	"vistka/internal/article"
	"vistka/internal/inbox"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/postgres"
	"vistka/internal/server"
)

// pages is everything that is served: the public pages with the admin's and,
// without a relay, the inbox mounted on them.
func (a *App) pages(box *inbox.Box) (http.Handler, error) {
	pages, err := page.New(page.Options{FS: a.files, Catalog: a.Catalog, BaseURL: a.Config.BaseURL, Dev: a.Config.Dev})
	if err != nil {
		return nil, err
	}
	var proxies []netip.Prefix
	for _, cidr := range a.Config.TrustedProxies {
		proxies = append(proxies, netip.MustParsePrefix(cidr)) // validated
	}
	leaving := *a.Subscribers
	leaving.DB = a.leaving
	r := server.New(server.Deps{
		Pages: pages, DB: a.Pool, Subscribers: a.Subscribers, Leaving: &leaving, Hotline: a.Hotline, Keys: a.Keys, Clock: a.Clock, BaseURL: a.Config.BaseURL, Log: a.log,
		TrustedProxies: proxies, Ready: a.ready, MailServer: a.mailServer(), Latest: a.latest, Ping: a.Articles.Ping, Articles: a.Articles, Accounts: a.Accounts, Dev: a.Config.Dev,
		Editions: a.Editions, Renderer: a.renderer, NewsletterMaxAge: newsletterMaxAge,
	})
	inboxURL := ""
	if box != nil {
		inboxURL = a.inboxURL()
	}
	if inboxURL != "" {
		r.Mount("/inbox", box.Routes(pages, a.zone))
	}
	r.Mount("/admin", admin.New(admin.Deps{
		Pages: pages, DB: a.Pool, Accounts: a.Accounts, Articles: a.Articles, Subscribers: a.Subscribers, Editions: a.Editions,
		Deliveries: a.Deliveries, Hotline: a.Hotline, Clock: a.Clock, BaseURL: a.Config.BaseURL, Log: a.log,
		TrustedProxies: proxies, RelayOnLoopback: a.RelaysOnLoopback(), InboxURL: inboxURL, NoRelay: box != nil,
	}))
	return r, nil
}

// newsletterMaxAge is longer than a crowd's forms are apart, and shorter than it takes to
// try what was changed.
const newsletterMaxAge = 500 * time.Millisecond

// zone is where times of the inbox are told; UTC while it cannot be asked for.
func (a *App) zone(ctx context.Context) *time.Location {
	zone, err := newsletter.Zone(ctx, a.Pool)
	if err != nil {
		a.log.Warn("zone of the inbox", "error", err)
	}
	return zone
}

// ready says why this process cannot serve now.
func (a *App) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	pending, err := postgres.Pending(ctx, a.Pool)
	if errors.Is(err, postgres.ErrNewer) {
		return nil // a later version's migrations leave what this one uses: it serves until it is replaced
	}
	if err != nil {
		return err
	}
	if pending > 0 {
		return errors.New("the schema is being migrated")
	}
	return nil
}

// latest is what the thank-you page offers to read.
func (a *App) latest(ctx context.Context, newsletterID int64, n int) ([]server.Article, error) {
	rows, err := article.Latest(ctx, a.Pool, newsletterID, n)
	if err != nil {
		return nil, err
	}
	out := make([]server.Article, len(rows))
	for i, row := range rows {
		out[i] = server.Article{Title: row.Title, URL: row.URL}
	}
	return out, nil
}

// mailServer asks the DNS whether an address's domain takes mail. Where mail
// stays in the inbox nobody asks: made-up addresses are what it is for.
func (a *App) mailServer() func(ctx context.Context, domain string) bool {
	if a.RelaysOnLoopback() {
		return nil
	}
	return server.LookupMailServer(net.DefaultResolver, a.Clock.Now)
}

// operatorPages are Prometheus' metrics and pprof, on a listener of their own.
func (a *App) operatorPages() http.Handler {
	r := chi.NewRouter()
	r.Handle("/metrics", promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{Registry: a.metrics}))
	r.HandleFunc("/debug/pprof/*", pprof.Index)
	r.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	r.HandleFunc("/debug/pprof/profile", func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(2 * time.Minute)) // a profile takes longer than a page
		pprof.Profile(w, r)
	})
	r.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	r.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return r
}
