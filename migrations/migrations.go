// Package migrations embeds the schema: one file a step, applied in order by
// postgres.Migrate. A step that has landed is never edited; the next one mends it.
package migrations

import "embed"

// FS holds the NNNN_name.sql files in goose's format.
//
//go:embed *.sql
var FS embed.FS
