package delivery

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// MaySend says whether attempts are committed at present: not while sending is
// stopped or locked, and never in a restored dump.
func MaySend(ctx context.Context, db postgres.DB) (may bool, err error) {
	if err := db.QueryRow(ctx, sqlMaySend).Scan(&may); err != nil {
		return false, fmt.Errorf("ask whether mail may go out: %w", err)
	}
	return may, nil
}

// Pending is what would go out if nothing held it: the mails of open editions
// and the notices, without what a person has paused or is to decide.
type Pending struct {
	Editions []PendingEdition
	Notices  []PendingNotices
}

// PendingEdition is an open edition with mails that are to go out.
type PendingEdition struct {
	ID         int64
	Newsletter string
	Kind       string
	Slot       time.Time
	Mails      int64
}

// PendingNotices are the notices of one kind.
type PendingNotices struct {
	Kind  NoticeKind
	Mails int64
}

// Mails is how many there are in all.
func (p Pending) Mails() (n int64) {
	for _, e := range p.Editions {
		n += e.Mails
	}
	for _, k := range p.Notices {
		n += k.Mails
	}
	return n
}

// Pending counts what would go out.
func (s *Service) Pending(ctx context.Context) (p Pending, err error) {
	rows, err := s.DB.Query(ctx, sqlPendingEditions)
	if err == nil {
		p.Editions, err = pgx.CollectRows(rows, pgx.RowToStructByName[PendingEdition])
	}
	if err != nil {
		return p, fmt.Errorf("count pending editions: %w", err)
	}
	if rows, err = s.DB.Query(ctx, sqlPendingNotices); err == nil {
		p.Notices, err = pgx.CollectRows(rows, pgx.RowToStructByName[PendingNotices])
	}
	if err != nil {
		return p, fmt.Errorf("count pending notices: %w", err)
	}
	return p, nil
}
