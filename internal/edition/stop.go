package edition

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// DefaultCancelWait is when what a cancelled edition owed goes out after all,
// unless its articles are withdrawn: time for a person to mend them.
const DefaultCancelWait = 24 * time.Hour

// Pause stops an edition before its next mail; Resume goes on exactly there.
// Returns ErrNotFound, or ErrState if it was cancelled or expired.
func (s *Service) Pause(ctx context.Context, editionID int64, reason string) error {
	return s.change(ctx, sqlPause, editionID, pgx.StrictNamedArgs{"edition": editionID, "reason": reason})
}

// Resume lets a paused edition go on. Returns ErrNotFound, or ErrState if it is
// not paused.
func (s *Service) Resume(ctx context.Context, editionID int64) error {
	return postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if err := changed(ctx, tx, sqlResume, editionID, pgx.StrictNamedArgs{"edition": editionID}); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlNotify)
		return err
	})
}

// Cancel takes back what is not sent yet and owes it to its readers at until
// (never before now): they get it then in a new edition with the text of that
// time. To never mail an article, withdraw it. It returns how many deliveries
// were cancelled; what is on the wire goes out. Returns ErrNotFound or ErrState.
func (s *Service) Cancel(ctx context.Context, editionID int64, until time.Time, reason string) (int64, error) {
	return s.stop(ctx, editionID, "cancelled", until, reason)
}

// Expire is Cancel for an edition that was overtaken by time: its articles are
// owed to the newsletter's next daily slot.
func (s *Service) Expire(ctx context.Context, editionID int64, reason string) (int64, error) {
	var until *time.Time
	rows, err := s.DB.Query(ctx, sqlNextDaily, pgx.StrictNamedArgs{"edition": editionID, "now": s.Clock.Now()})
	if err != nil {
		return 0, fmt.Errorf("expire edition %d: %w", editionID, err)
	}
	if until, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[*time.Time]); err != nil || until == nil {
		return 0, fmt.Errorf("expire edition %d: %w", editionID, ErrNotFound)
	}
	return s.stop(ctx, editionID, "expired", *until, reason)
}

func (s *Service) stop(ctx context.Context, editionID int64, state string, until time.Time, reason string) (int64, error) {
	var gone int64
	err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlLockFamilyOfEdition, pgx.StrictNamedArgs{"edition": editionID}); err != nil {
			return err
		}
		now := s.Clock.Now()
		err := changed(ctx, tx, sqlStop, editionID, pgx.StrictNamedArgs{
			"edition": editionID, "state": state, "until": until, "now": now, "reason": reason,
		})
		if err != nil {
			return err
		}
		gone, err = s.cancelDeliveries(ctx, tx, editionID, now)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("stop edition %d: %w", editionID, err)
	}
	return gone, nil
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

func (s *Service) change(ctx context.Context, sql string, editionID int64, args pgx.StrictNamedArgs) error {
	return changed(ctx, s.DB, sql, editionID, args)
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
