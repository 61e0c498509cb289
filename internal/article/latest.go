package article

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// Link is an article as a line to press on.
type Link struct {
	Title string `db:"title"`
	URL   string `db:"url"`
}

// Latest returns the newest n articles of a newsletter that are out: those
// mailed, and those that were there when the feed was first read.
func Latest(ctx context.Context, db postgres.DB, newsletterID int64, n int) ([]Link, error) {
	links, err := many[Link](ctx, db, sqlLatest, pgx.StrictNamedArgs{"newsletter_id": newsletterID, "limit": n})
	if err != nil {
		return nil, fmt.Errorf("latest articles of newsletter %d: %w", newsletterID, err)
	}
	return links, nil
}
