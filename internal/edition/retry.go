package edition

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Retry owes the articles of an edition's failed deliveries again to the
// readers who still want them and asks for the fan-out, which makes the new
// deliveries: so a translation sent meanwhile counts. Those of a correction are
// queued again as they are. It returns how many readers. Returns ErrNotFound.
func (s *Service) Retry(ctx context.Context, editionID int64) (int64, error) {
	var readers, newsletterID int64
	err := s.held(ctx, editionID, func(tx pgx.Tx, now time.Time) error {
		args := pgx.StrictNamedArgs{"edition": editionID, "now": now}
		err := tx.QueryRow(ctx, sqlRetryCorrection, args).Scan(&readers)
		if err != nil {
			return err
		}
		if readers > 0 {
			return notify(ctx, tx)
		}
		err = tx.QueryRow(ctx, sqlRetry, args).Scan(&readers, &newsletterID)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil || readers == 0 {
			return err
		}
		return s.Released(ctx, tx, newsletterID)
	})
	if err != nil {
		return 0, fmt.Errorf("retry the failed of edition %d: %w", editionID, err)
	}
	return readers, nil
}

func notify(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, sqlNotify); err != nil {
		return fmt.Errorf("notify senders: %w", err)
	}
	return nil
}
