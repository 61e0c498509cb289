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

const sqlListedColumns = `
SELECT d.edition_id, d.subscriber_id, n.name AS newsletter, e.kind, coalesce(r.address, '') AS address,
       d.state, d.tries, d.due_at, d.settled_at, coalesce(d.reply, '') AS reply, e.slot
FROM delivery d
JOIN edition e ON e.id = d.edition_id
JOIN newsletter n ON n.id = d.newsletter_id
LEFT JOIN subscriber r ON r.id = d.subscriber_id`

// The primary key begins with month and edition, so one reader's deliveries
// are found through the editions of the reader's newsletters, each by key.
const sqlOfSubscriber = sqlListedColumns + `
WHERE d.subscriber_id = @subscriber
  AND (d.month, d.edition_id) IN (
      SELECT f.month, f.id
      FROM edition f
      JOIN subscription s ON s.newsletter_id = f.newsletter_id
      WHERE s.subscriber_id = @subscriber
      ORDER BY f.id DESC
      LIMIT 1000)
ORDER BY d.edition_id DESC
LIMIT @limit`

const sqlTroubled = sqlListedColumns + `
WHERE e.id = @edition
  AND d.month = e.month
  AND d.state IN ('failed', 'deferred')
ORDER BY d.settled_at DESC NULLS FIRST, d.subscriber_id
LIMIT @limit`
