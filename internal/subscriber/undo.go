package subscriber

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
	"vistka/internal/suppression"
	"vistka/internal/token"
)

// Undone is what taking back a press came to.
type Undone struct {
	Active bool    // the reader of the link's newsletter is active now
	Back   []int64 // newsletters that the press had left and that are read again
	Over   bool    // too long ago, suppressed since, or no longer stored
}

// Undo takes back the press that ended a subscription, as UndoPress does, and
// reports whether the reader is active now.
func (s *Service) Undo(ctx context.Context, link string, ev Evidence) (bool, error) {
	u, err := s.UndoPress(ctx, link, time.Time{}, ev)
	return u.Active, err
}

// UndoPress takes back, within 30 days, one press that ended subscriptions: all
// that it ended, and nothing else. The settings are those of before, and no
// article of the time between is lost. press is one of UnsubscribeAll; zero: the
// one that ended the subscription of the link.
// Returns token.ErrInvalid if the link is not one of ours.
func (s *Service) UndoPress(ctx context.Context, link string, press time.Time, ev Evidence) (Undone, error) {
	newsletterID, subscriberID, err := s.reader(link, token.Unsubscribe, token.Preferences)
	if err != nil {
		return Undone{}, err
	}
	var u Undone
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		u = Undone{}
		rows, err := tx.Query(ctx, endedTogether, pgx.StrictNamedArgs{"newsletter": newsletterID, "subscriber": subscriberID, "press": timeOrNull(press)})
		if err != nil {
			return err
		}
		together, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		for _, id := range together {
			back, err := s.undo(ctx, tx, id, subscriberID, ev)
			if err != nil {
				return err
			}
			if back {
				u.Back = append(u.Back, id)
			}
			u.Over = u.Over || !back
		}
		r, _, err := readReader(ctx, tx, newsletterID, subscriberID)
		if errors.Is(err, ErrNoReader) {
			u.Over = true
			return nil
		}
		u.Active = err == nil && !r.Ended
		return err
	})
	if err != nil {
		return Undone{}, fmt.Errorf("undo leaving of %d from newsletter %d: %w", subscriberID, newsletterID, err)
	}
	return u, nil
}

// senderBehind is how much earlier a sender that noticed the leaving may have read
// its clock. Owing too much does no harm: what was had is not mailed again.
const senderBehind = time.Minute

func (s *Service) undo(ctx context.Context, tx pgx.Tx, newsletterID, subscriberID int64, ev Evidence) (bool, error) {
	now := s.Clock.Now()
	keys := pgx.StrictNamedArgs{"newsletter": newsletterID, "subscriber": subscriberID}
	var endedAt *time.Time
	err := tx.QueryRow(ctx, lockEnded, keys).Scan(&endedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil || endedAt == nil {
		return err == nil, err // endedAt null: never left, or undone already
	}
	r, address, err := readReader(ctx, tx, newsletterID, subscriberID)
	if err != nil {
		return false, err
	}
	reason, err := suppression.Has(ctx, tx, s.hash(address))
	if err != nil || reason.StopsEditions() || now.Sub(*endedAt) > undoWithin {
		return false, err
	}
	// Articles that the sender cancelled since are owed, corrections are queued
	// again; what was released since lies above the mark, which did not move.
	keys["now"], keys["since"] = now, endedAt.Add(-senderBehind)
	for _, sql := range []string{oweCancelled, requeueCorrections} {
		if _, err := tx.Exec(ctx, sql, keys); err != nil {
			return false, err
		}
	}
	delete(keys, "since")
	if _, err := tx.Exec(ctx, restore, keys); err != nil {
		return false, err
	}
	if err := s.consent(ctx, tx, newsletterID, address, r.Locale, consent{Kind: "restored", Source: string(FromPage), At: now, Evidence: ev}); err != nil {
		return false, err
	}
	return true, s.changed(ctx, tx, newsletterID)
}
