package main

import (
	"context"

	"vistka/internal/app"
	"vistka/internal/postgres"
)

type migrateCommand struct {
	JSON bool `name:"json" help:"As JSON."`
}

// Run opens the application, which migrates, and says where that left the schema.
func (c migrateCommand) Run(ctx context.Context, s *session) error {
	return s.open(ctx, func(a *app.App) error {
		schema, err := postgres.Version(ctx, a.Pool)
		if err != nil {
			return err
		}
		return s.say(c.JSON, schemaAsJSON(schema), "The schema is at step %d of %d.\n", schema.Have, schema.Want)
	})
}
