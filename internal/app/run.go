package app

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"

	"vistka/internal/config"
	"vistka/internal/guard"
	"vistka/internal/inbox"
	"vistka/internal/mailer"
)

// Ready says where things are once they answer. An empty URL is not there.
type Ready struct {
	URL      string
	SetupURL string // makes the first account
	InboxURL string
	SiteURL  string // of the example site
}

// Run plays this process's roles until ctx ends or one fails, and stops them
// in order: first the pages, then the sender, then the jobs, then what they
// stand on. opened is called once everything answers.
func (a *App) Run(ctx context.Context, opened func(Ready)) error {
	parts := newLifetimes(a.log)
	if a.Config.Has(config.RoleSender) {
		lock, alone, err := lockSender(a.Config.DataDir)
		if err != nil {
			return err
		}
		defer lock.Close() // after everything has stopped
		a.Deliveries.Accompanied = !alone
	}
	defer parts.stop()
	if a.private != nil {
		parts.start("private Postgres", a.private.Run)
	}
	parts.start("clock", func(ctx context.Context) error { return a.Clock.Run(ctx, a.Pool) })

	if err := a.startGuard(ctx, parts); err != nil {
		return err
	}

	ready := Ready{URL: a.Config.BaseURL}
	box, err := a.startInbox(parts)
	if err != nil {
		return err
	}
	if box != nil {
		ready.InboxURL = a.inboxURL()
	}
	a.Deliveries.Relays = a.relays // the admin pages tell of them in any role
	if a.Config.Has(config.RoleJobs) {
		parts.start("jobs", a.runJobs)
		parts.start("answers to sign-ups", a.Subscribers.RunAnswers)
		parts.start("sweep of sessions", func(ctx context.Context) error { return a.Accounts.Run(ctx, a.log) })
	}
	if a.Config.Has(config.RoleSender) {
		parts.start("sender", a.Deliveries.Run)
	}
	if a.Config.MetricsListen != "" {
		if err := a.startOperatorPages(parts); err != nil {
			return err
		}
	}
	if a.Config.Has(config.RoleWeb) {
		if err := a.startPages(parts, box); err != nil {
			return err
		}
		if ready.SetupURL, err = a.setupURL(ctx); err != nil {
			return err
		}
	}
	opened(ready)
	return parts.wait(ctx)
}

// startGuard looks before anything is sent whether this is a copy, and goes on looking.
func (a *App) startGuard(ctx context.Context, parts *lifetimes) error {
	if err := a.Guard.Check(ctx); err != nil {
		return err
	}
	s, err := guard.Read(ctx, a.Pool)
	if err != nil {
		return err
	}
	if s.State != guard.On {
		a.log.Warn("no mail goes out: sending is "+string(s.State), "since", s.Since, "next", "vistka sending")
	}
	parts.start("clone guard", a.Guard.Run)
	return nil
}

// startInbox stands in for a relay when none is configured.
func (a *App) startInbox(parts *lifetimes) (*inbox.Box, error) {
	if len(a.relays) > 0 {
		return nil, nil
	}
	box, err := inbox.Open(filepath.Join(a.Config.DataDir, "inbox"))
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("inbox: %w", err)
	}
	addr := netip.MustParseAddrPort(ln.Addr().String())
	a.relays = []mailer.RelayConfig{{
		Label: "inbox", Host: addr.Addr().String(), Port: int(addr.Port()), TLS: mailer.TLSNone, Connections: inboxConnections,
	}}
	parts.start("inbox", func(ctx context.Context) error { return box.Serve(ctx, ln) })
	return box, nil
}

// inboxURL is where the caught mail is read, empty under an address that others
// reach: whoever reads the mail could confirm any address, and a proxy that
// names the upstream as Host makes strangers look local.
func (a *App) inboxURL() string {
	if !a.Config.Local() {
		return ""
	}
	return a.Config.BaseURL + "/inbox/"
}

// inboxConnections is few: each mail is a file on this machine's disk.
const inboxConnections = 2

func (a *App) startPages(parts *lifetimes, box *inbox.Box) error {
	ln, err := listen("--listen (VISTKA_LISTEN)", a.Config.Listen)
	if err != nil {
		return err
	}
	handler, err := a.pages(box)
	if err != nil {
		return err
	}
	parts.start("pages", func(ctx context.Context) error { return serveHTTP(ctx, ln, handler, a.log) })
	return nil
}

func (a *App) startOperatorPages(parts *lifetimes) error {
	ln, err := listen("--metrics-listen (VISTKA_METRICS_LISTEN)", a.Config.MetricsListen)
	if err != nil {
		return err
	}
	parts.start("operator pages", func(ctx context.Context) error { return serveHTTP(ctx, ln, a.operatorPages(), a.log) })
	return nil
}
