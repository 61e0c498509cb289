package main

import (
	"context"
	"errors"
	"fmt"

	"vistka/internal/app"
)

type doctorCommand struct {
	JSON bool `name:"json" help:"As JSON."`
}

// Run prints the findings, and fails when one is bad.
func (c doctorCommand) Run(ctx context.Context, s *session) error {
	return s.open(ctx, func(a *app.App) error {
		findings := a.Diagnose(ctx)
		if c.JSON {
			if err := printJSON(s.out, findings); err != nil {
				return err
			}
		} else {
			for _, f := range findings {
				fmt.Fprintf(s.out, "%s  %s: %s\n", map[string]string{app.Good: "✓", app.Warn: "!", app.Bad: "✗"}[f.Grade], f.About, f.Words)
				if f.Fix != "" {
					fmt.Fprintf(s.out, "   → %s\n", f.Fix)
				}
			}
		}
		for _, f := range findings {
			if f.Grade == app.Bad {
				return errors.New("doctor: something is wrong, see above")
			}
		}
		return nil
	})
}
