package article

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// Named is an article by its title; the zero Named is none.
type Named struct {
	ID    int64  `db:"id"`
	Title string `db:"title"`
}

// ByAddress finds a newsletter's articles by addresses as feed.CanonicalURL has
// them. Addresses of no article are left out.
func ByAddress(ctx context.Context, db postgres.DB, newsletterID int64, addresses []string) (map[string]Named, error) {
	type row struct {
		Named
		Address string `db:"address"`
	}
	rows, err := many[row](ctx, db, sqlByAddress, pgx.StrictNamedArgs{"newsletter_id": newsletterID, "addresses": addresses})
	if err != nil {
		return nil, fmt.Errorf("articles by address: %w", err)
	}
	out := make(map[string]Named, len(rows))
	for _, r := range rows {
		out[r.Address] = r.Named
	}
	return out, nil
}
