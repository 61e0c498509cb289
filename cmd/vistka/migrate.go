package main

import (
	"context"
	"fmt"

	"vistka/internal/app"
	"vistka/internal/postgres"
)

type migrateCommand struct{}

// Run opens the application, which migrates, and says where that left the schema.
func (migrateCommand) Run(ctx context.Context, s *session) error {
	return s.open(ctx, func(a *app.App) error {
		schema, err := postgres.Version(ctx, a.Pool)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "The schema is at step %d of %d.\n", schema.Have, schema.Want)
		return nil
	})
}
