package delivery

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// Listed is a delivery as the admin pages show it.
type Listed struct {
	EditionID    int64
	SubscriberID int64
	Newsletter   string
	Kind         string // of the edition
	Address      string // "" for somebody who was erased
	State        State
	Tries        int
	DueAt        *time.Time
	SettledAt    *time.Time
	Reply        string
	Slot         time.Time
}

// OfSubscriber lists one reader's deliveries, the newest edition first.
func OfSubscriber(ctx context.Context, db postgres.DB, subscriberID int64, limit int) ([]Listed, error) {
	return listed(ctx, db, sqlOfSubscriber, pgx.StrictNamedArgs{"subscriber": subscriberID, "limit": limit})
}

// Troubled lists the deliveries of an edition that did not go through at
// once, with the relay's words: failed and deferred, the latest first.
func Troubled(ctx context.Context, db postgres.DB, editionID int64, limit int) ([]Listed, error) {
	return listed(ctx, db, sqlTroubled, pgx.StrictNamedArgs{"edition": editionID, "limit": limit})
}

func listed(ctx context.Context, db postgres.DB, sql string, args pgx.StrictNamedArgs) ([]Listed, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Listed])
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return list, nil
}
