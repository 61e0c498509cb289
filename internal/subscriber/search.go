package subscriber

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// Filter says which subscriptions the admin sees.
type Filter struct {
	Newsletter string // slug; empty: all
	Status     string // empty: all who ever confirmed; not StatusPending: see Waits
	Query      string // part of an address
	Cursor     string // where the page before ended; empty: from the newest
	Limit      int    // rows; 50 when not 1 to 200
}

// Row is one subscription in a list.
type Row struct {
	SubscriberID int64
	NewsletterID int64
	Newsletter   string // slug
	Address      string
	Status       string
	Cadence      string
	Locale       string
	CreatedAt    time.Time
	PausedUntil  *time.Time
	EndedAt      *time.Time
	EndSource    string
	Suppressed   string // reason, empty if not
}

// ErrBadCursor says that a cursor is not one that Search gave.
var ErrBadCursor = errors.New("subscriber: no such page")

// Search returns a page of subscriptions, the newest reader first, and the
// cursor of the next page, empty at the end. Returns ErrBadCursor or
// ErrBadStatus.
func (s *Service) Search(ctx context.Context, db postgres.DB, f Filter) ([]Row, string, error) {
	if f.Limit < 1 || f.Limit > 200 {
		f.Limit = 50
	}
	switch f.Status {
	case "", StatusActive, StatusPaused, StatusEnded:
	default:
		return nil, "", ErrBadStatus
	}
	var after, afterNewsletter *int64
	if f.Cursor != "" {
		a, b, ok := strings.Cut(f.Cursor, "-")
		x, err1 := strconv.ParseInt(a, 10, 64)
		y, err2 := strconv.ParseInt(b, 10, 64)
		if !ok || err1 != nil || err2 != nil {
			return nil, "", ErrBadCursor
		}
		after, afterNewsletter = &x, &y
	}
	rows, err := db.Query(ctx, search, pgx.StrictNamedArgs{
		"newsletter": f.Newsletter, "status": f.Status, "query": like(f.Query), "after": after,
		"after_newsletter": afterNewsletter, "limit": f.Limit + 1, "now": s.Clock.Now(),
	})
	if err != nil {
		return nil, "", fmt.Errorf("search subscribers: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Row])
	if err != nil {
		return nil, "", fmt.Errorf("search subscribers: %w", err)
	}
	if len(out) <= f.Limit {
		return out, "", nil
	}
	out = out[:f.Limit]
	last := out[f.Limit-1]
	return out, fmt.Sprintf("%d-%d", last.SubscriberID, last.NewsletterID), nil
}

// Readers counts people with an active subscription, paused or not, to a
// newsletter that is not archived: each once, however many they read.
func (s *Service) Readers(ctx context.Context, db postgres.DB) (int64, error) {
	var n int64
	if err := db.QueryRow(ctx, readers).Scan(&n); err != nil {
		return 0, fmt.Errorf("count readers: %w", err)
	}
	return n, nil
}

// Totals are the numbers of Home.
type Totals struct {
	Active, Paused, Ended, Pending int64
}

// Totals counts subscriptions by status; newsletterID 0 means all.
func (s *Service) Totals(ctx context.Context, db postgres.DB, newsletterID int64) (Totals, error) {
	var t Totals
	err := db.QueryRow(ctx, totals, pgx.StrictNamedArgs{"newsletter": newsletterID, "now": s.Clock.Now()}).
		Scan(&t.Active, &t.Paused, &t.Ended, &t.Pending)
	if err != nil {
		return t, fmt.Errorf("count subscribers: %w", err)
	}
	return t, nil
}
