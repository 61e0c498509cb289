package delivery

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// failedFor is how long a failed notice is a reason to look: whoever waited
// for it has asked again by then, or given up.
const failedFor = 7 * 24 * time.Hour

// FailedNotice is a mail to one person that did not go through: a confirmation
// that never came is a reader lost, and nobody else will tell.
type FailedNotice struct {
	Kind       NoticeKind
	Newsletter string // "" for one of no newsletter
	Address    string
	SettledAt  time.Time
	Reply      string
}

// FailedNotices lists those of the last seven days, the latest first.
func (s *Service) FailedNotices(ctx context.Context, limit int) ([]FailedNotice, error) {
	rows, err := s.DB.Query(ctx, sqlFailedNotices, pgx.StrictNamedArgs{"since": s.Clock.Now().Add(-failedFor), "limit": limit})
	if err != nil {
		return nil, fmt.Errorf("list failed notices: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[FailedNotice])
	if err != nil {
		return nil, fmt.Errorf("list failed notices: %w", err)
	}
	return list, nil
}

// NoticeHealth is how the mails to one person of one kind fare.
type NoticeHealth struct {
	Kind    NoticeKind
	Failed  int64  // in the last seven days
	Late    int64  // not gone, though they were asked for a while ago
	Replied string // the relay's latest words about one of these; "" for none
}

// lateAfter is when a notice that has not gone is a reason to look. A
// confirmation takes seconds, and a relay that puts strangers off for the time
// being mostly takes them within this.
const lateAfter = 15 * time.Minute

// NoticeHealths lists the kinds of which some failed or are late.
func (s *Service) NoticeHealths(ctx context.Context) ([]NoticeHealth, error) {
	now := s.Clock.Now()
	rows, err := s.DB.Query(ctx, sqlNoticeHealths, pgx.StrictNamedArgs{"since": now.Add(-failedFor), "late": now.Add(-lateAfter)})
	if err != nil {
		return nil, fmt.Errorf("count failed and late notices: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[NoticeHealth])
	if err != nil {
		return nil, fmt.Errorf("count failed and late notices: %w", err)
	}
	return list, nil
}
