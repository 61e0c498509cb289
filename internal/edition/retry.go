package edition

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// Retry owes the articles of an edition's failed deliveries again to the
// readers who still want them and asks for the fan-out, which makes the new
// deliveries: so a translation sent meanwhile counts. It returns how many
// readers. Returns ErrNotFound.
func (s *Service) Retry(ctx context.Context, editionID int64) (int64, error) {
	var readers, newsletterID int64
	err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlLockFamilyOfEdition, pgx.StrictNamedArgs{"edition": editionID}); err != nil {
			return err
		}
		args := pgx.StrictNamedArgs{"edition": editionID, "now": s.Clock.Now()}
		err := tx.QueryRow(ctx, sqlRetry, args).Scan(&readers, &newsletterID)
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
