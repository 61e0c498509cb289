package edition

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/locale"
)

// DefaultMaxAge is how long an edition may take to go out before its news is
// stale. It is above the time in which a mail that is put off has been
// tried for the last time (rule D19): what expires was held up.
const DefaultMaxAge = 72 * time.Hour

const staleReason = "edition.reason.stale"

func (s *Service) maxAge() time.Duration {
	if s.MaxAge > 0 {
		return s.MaxAge
	}
	return DefaultMaxAge
}

// ExpireStale expires every open edition that took longer than MaxAge, a weekly
// or monthly one longer than until the next of its kind. What is not sent of it
// is owed: of an instant edition at the newsletter's next daily slot, of a digest
// at the reader's next. A paused edition is left alone: a person said that
// nothing of it goes out. It returns how many editions expired.
func (s *Service) ExpireStale(ctx context.Context) (int, error) {
	rows, err := s.DB.Query(ctx, sqlStale, pgx.StrictNamedArgs{"now": s.Clock.Now(), "age": s.maxAge()})
	if err != nil {
		return 0, fmt.Errorf("find stale editions: %w", err)
	}
	stale, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return 0, fmt.Errorf("find stale editions: %w", err)
	}
	n := 0
	for _, id := range stale {
		var gone int64
		err := s.held(ctx, id, func(tx pgx.Tx, now time.Time) (err error) {
			gone, err = s.expire(ctx, tx, id, "open", now)
			return err
		})
		switch {
		case errors.Is(err, ErrState): // settled or stopped meanwhile
		case err != nil:
			return n, fmt.Errorf("expire edition %d: %w", id, err)
		default:
			n++
			s.Log.WarnContext(ctx, "edition expired", "edition", id, "reason", staleReason, "owed", gone)
		}
	}
	return n, nil
}

// expire stops an edition of that state if it is stale. Returns ErrState if it
// is not, or not in that state.
func (s *Service) expire(ctx context.Context, tx pgx.Tx, editionID int64, from string, now time.Time) (int64, error) {
	args := pgx.StrictNamedArgs{"edition": editionID, "from": from, "now": now, "age": s.maxAge(), "reason": locale.Message{Key: staleReason}}
	if err := changed(ctx, tx, sqlExpire, editionID, args); err != nil {
		return 0, err
	}
	return s.cancelDeliveries(ctx, tx, editionID, now)
}

// Resume lets a paused edition go on. One that became stale meanwhile expires
// instead, as the edition that is returned then says. Returns ErrNotFound, or
// ErrState if it is not paused.
func (s *Service) Resume(ctx context.Context, editionID int64) (Edition, error) {
	var e Edition
	err := s.held(ctx, editionID, func(tx pgx.Tx, now time.Time) error {
		_, err := s.expire(ctx, tx, editionID, "paused", now)
		if errors.Is(err, ErrState) {
			err = changed(ctx, tx, sqlResume, editionID, pgx.StrictNamedArgs{"edition": editionID})
		}
		if err != nil {
			return err
		}
		if err := notify(ctx, tx); err != nil {
			return err
		}
		e, err = get(ctx, tx, editionID)
		return err
	})
	if err != nil {
		return Edition{}, fmt.Errorf("resume edition %d: %w", editionID, err)
	}
	return e, nil
}
