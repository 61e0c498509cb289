package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// AnalyzeGrown has the planner look again at tables that are several times as
// large as when it last did. Autovacuum does that once a minute, and within a
// minute a flood makes a table of ten rows one of a hundred thousand, while
// every connection keeps the plans that were good for ten. Names are of
// tables on the search path. A table that our role does not own, or that is
// being vacuumed, is left as it is.
func AnalyzeGrown(ctx context.Context, db DB, tables ...string) error {
	rows, err := db.Query(ctx, sqlGrown, pgx.StrictNamedArgs{"tables": tables})
	if err != nil {
		return fmt.Errorf("look for tables that have grown: %w", err)
	}
	grown, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look for tables that have grown: %w", err)
	}
	for _, name := range grown {
		if _, err := db.Exec(ctx, "ANALYZE (SKIP_LOCKED) "+name); err != nil {
			return fmt.Errorf("analyze %s: %w", name, err)
		}
	}
	return nil
}
