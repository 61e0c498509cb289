package edition

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/locale"
	"vistka/internal/postgres"
)

// DefaultCancelWait is when what a cancelled edition owed goes out after all,
// unless its articles are withdrawn: time for a person to mend them.
const DefaultCancelWait = 24 * time.Hour

// Pause stops an edition before its next mail; Resume goes on exactly there.
// Returns ErrNotFound, or ErrState if it was cancelled or expired.
func (s *Service) Pause(ctx context.Context, editionID int64, reason locale.Message) error {
	return changed(ctx, s.DB, sqlPause, editionID, pgx.StrictNamedArgs{"edition": editionID, "reason": reason})
}

// Cancel takes back what is not sent yet and owes it to its readers at until
// (never before now): they get it then in a new edition with the text of that
// time. To never mail an article, withdraw it. It returns how many deliveries
// were cancelled; what is on the wire goes out. Returns ErrNotFound or ErrState.
func (s *Service) Cancel(ctx context.Context, editionID int64, until time.Time, reason locale.Message) (int64, error) {
	var gone int64
	err := s.held(ctx, editionID, func(tx pgx.Tx, now time.Time) error {
		args := pgx.StrictNamedArgs{"edition": editionID, "until": until, "now": now, "reason": reason}
		if err := changed(ctx, tx, sqlStop, editionID, args); err != nil {
			return err
		}
		var err error
		if gone, err = s.cancelDeliveries(ctx, tx, editionID, now); err != nil {
			return err
		}
		return noteUnsent(ctx, tx, pgx.StrictNamedArgs{"edition": editionID, "article": int64(0)})
	})
	if err != nil {
		return 0, fmt.Errorf("cancel edition %d: %w", editionID, err)
	}
	return gone, nil
}

// held runs an act on an edition under its family's lock.
func (s *Service) held(ctx context.Context, editionID int64, act func(tx pgx.Tx, now time.Time) error) error {
	return postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlLockFamilyOfEdition, pgx.StrictNamedArgs{"edition": editionID}); err != nil {
			return err
		}
		return act(tx, s.Clock.Now())
	})
}

// cancelDeliveries cancels what is queued of a stopped edition and owes it.
func (s *Service) cancelDeliveries(ctx context.Context, db postgres.DB, editionID int64, now time.Time) (int64, error) {
	var gone int64
	err := db.QueryRow(ctx, s.sql(sqlCancelDeliveries), pgx.StrictNamedArgs{"edition": editionID, "now": now}).Scan(&gone)
	if err != nil {
		return 0, fmt.Errorf("cancel deliveries of edition %d: %w", editionID, err)
	}
	return gone, nil
}

// noteUnsent records which of an article's cancelled corrections have reached nobody,
// so that the archive need not ask their deliveries.
func noteUnsent(ctx context.Context, tx pgx.Tx, of pgx.StrictNamedArgs) error {
	if _, err := tx.Exec(ctx, sqlUnsent, of); err != nil {
		return fmt.Errorf("note cancelled corrections that reached nobody: %w", err)
	}
	return nil
}

// changed runs a guarded update of one edition and tells why it met no row.
func changed(ctx context.Context, db postgres.DB, sql string, editionID int64, args pgx.StrictNamedArgs) error {
	tag, err := db.Exec(ctx, sql, args)
	if err != nil {
		return fmt.Errorf("edition %d: %w", editionID, err)
	}
	if tag.RowsAffected() == 1 {
		return nil
	}
	if _, err := get(ctx, db, editionID); err != nil {
		return err
	}
	return fmt.Errorf("edition %d: %w", editionID, ErrState)
}
