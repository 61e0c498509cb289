package main

import (
	"context"
	"errors"
	"fmt"

	"vistka/internal/app"
)

type serveCommand struct{}

// Run serves until a signal. One that comes while the database is still being
// opened is no failure either.
func (serveCommand) Run(ctx context.Context, s *session) error {
	err := s.open(ctx, func(a *app.App) error {
		return a.Run(ctx, func(ready app.Ready) {
			fmt.Fprintf(s.err, "Vistka is at %s\n", ready.URL)
			announce(s, ready)
		})
	})
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// announce says what a person does next: the set-up link while there is no
// account, the inbox while there is no relay.
func announce(s *session, ready app.Ready) {
	if ready.SetupURL != "" {
		fmt.Fprintf(s.err, "  first account  %s\n", ready.SetupURL)
	}
	if ready.InboxURL != "" {
		fmt.Fprintf(s.err, "  inbox          %s (no relay is configured: all mail stays here)\n", ready.InboxURL)
	}
}
