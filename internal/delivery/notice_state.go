package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// NoticeState is how far a notice is.
type NoticeState struct {
	State     State
	DueAt     time.Time  // while it waits: when it is tried next
	SettledAt *time.Time // when it was sent or failed; in doubt: since when a person is to decide
	Reply     string     // the relay's last words; empty before any
}

// Moving says that it may still change by itself.
func (n NoticeState) Moving() bool {
	switch n.State {
	case Queued, Deferred, Sending:
		return true
	case Doubtful:
		return n.SettledAt == nil
	default:
		return false
	}
}

// NoticeState tells how far the notice is that Enqueue returned. Returns
// ErrNotFound if it was erased since.
func (s *Service) NoticeState(ctx context.Context, id int64) (NoticeState, error) {
	rows, err := s.DB.Query(ctx, sqlNoticeState, pgx.StrictNamedArgs{"id": id})
	if err != nil {
		return NoticeState{}, fmt.Errorf("notice %d: %w", id, err)
	}
	n, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[NoticeState])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return NoticeState{}, fmt.Errorf("notice %d: %w", id, err)
	}
	return n, nil
}
