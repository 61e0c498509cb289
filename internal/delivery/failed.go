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

const sqlFailedNotices = `
SELECT n.kind, coalesce(l.name, '') AS newsletter, coalesce(r.address, g.address, n.address) AS address, n.settled_at,
       coalesce(n.reply, '') AS reply
FROM notice n
LEFT JOIN newsletter l ON l.id = n.newsletter_id
LEFT JOIN subscriber r ON r.id = n.subscriber_id
LEFT JOIN signup g ON g.id = n.signup_id
WHERE n.state = 'failed'
  AND n.settled_at > @since
ORDER BY n.settled_at DESC, n.id DESC
LIMIT @limit`
