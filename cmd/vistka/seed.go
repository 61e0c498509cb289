package main

import (
	"context"
	"fmt"
	"time"

	"vistka/internal/app"
	"vistka/internal/newsletter"
)

type seedCommand struct {
	Newsletter string  `required:"" help:"Slug of the newsletter."`
	Count      howMany `short:"n" default:"1000" help:"How many."`
	JSON       bool    `name:"json" help:"As JSON."`
}

// Run fills the newsletter. The addresses are at example.com: with a real
// relay nothing of this may be mailed, so it is refused then.
func (c seedCommand) Run(ctx context.Context, s *session) error {
	return s.withNewsletter(ctx, c.Newsletter, func(a *app.App, n newsletter.Newsletter) error {
		if !a.RelaysOnLoopback() {
			return fmt.Errorf("seed: a relay outside this machine is configured, and made-up readers would be mailed: run without VISTKA_SMTP_URL")
		}
		bar := s.progress(int64(c.Count), "seeding")
		start := time.Now()
		if err := a.Subscribers.Seed(ctx, n.ID, int(c.Count), func(done int) { _ = bar.Set(done) }); err != nil {
			return err
		}
		_ = bar.Finish()
		took := time.Since(start).Round(time.Millisecond)
		if err := note(ctx, a, a.Pool, "seed", fmt.Sprintf("newsletter %d", n.ID), map[string]any{"subscribers": c.Count}); err != nil {
			return err
		}
		done := struct {
			Newsletter  string  `json:"newsletter"`
			Subscribers int     `json:"subscribers"`
			Seconds     float64 `json:"seconds"`
		}{n.Slug, int(c.Count), took.Seconds()}
		return s.say(c.JSON, done, "%d made-up readers of %s in %s\n", c.Count, n.Name, took)
	})
}
