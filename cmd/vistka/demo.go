package main

import (
	"context"
	"fmt"
	"path/filepath"

	"vistka/internal/app"
)

type demoCommand struct {
	SiteListen string `default:"127.0.0.1:8081" placeholder:"HOST:PORT" help:"Where the example news site is served."`
}

// Run sets the stage and serves. Whatever is configured for the real thing is
// left out of it: the demo has a database, a secret and an inbox of its own.
func (c demoCommand) Run(ctx context.Context, s *session) error {
	cfg := s.config
	cfg.DatabaseURL, cfg.DatabaseDirectURL, cfg.SMTPURL, cfg.SecretKey = "", "", "", ""
	cfg.DataDir = filepath.Join(cfg.DataDir, "demo")
	return s.open(ctx, func(a *app.App) error {
		return a.RunDemo(ctx, c.SiteListen, func(ready app.Ready) {
			fmt.Fprintf(s.err, "\nThe demo is ready.\n\n  news site      %s\n  inbox          %s\n  admin          %s/admin/\n",
				ready.SiteURL, ready.InboxURL, ready.URL)
			if ready.SetupURL != "" {
				fmt.Fprintf(s.err, "  first account  %s\n", ready.SetupURL)
			}
			fmt.Fprint(s.err, "\nOpen the news site, sign up under an article, confirm in the inbox, publish a new article. Ctrl-C stops.\n\n")
		})
	})
}
