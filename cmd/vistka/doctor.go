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
	var findings []app.Finding
	err := s.attach(ctx, func(a *app.App) error {
		findings = a.Diagnose(ctx)
		return nil
	})
	if err != nil {
		findings = append(findings, app.Unopened(err))
	}
	if err := c.print(s, findings); err != nil {
		return err
	}
	for _, f := range findings {
		if f.Grade == app.Bad {
			return errors.New("doctor: something is wrong, see above")
		}
	}
	return nil
}

func (c doctorCommand) print(s *session, findings []app.Finding) error {
	if c.JSON {
		return printJSON(s.out, findings)
	}
	for _, f := range findings {
		fmt.Fprintf(s.out, "%s  %s: %s\n", map[string]string{app.Good: "✓", app.Warn: "!", app.Bad: "✗"}[f.Grade], f.About, f.Words)
		if f.Fix != "" {
			fmt.Fprintf(s.out, "   → %s\n", f.Fix)
		}
	}
	return nil
}
