package article

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/locale"
	"vistka/internal/postgres"
)

// Row is an article in a list.
type Row struct {
	ID           int64          `db:"id"`
	NewsletterID int64          `db:"newsletter_id"`
	FeedID       *int64         `db:"feed_id"`
	URL          string         `db:"url"`
	Title        string         `db:"title"`
	Summary      string         `db:"summary"`
	Author       string         `db:"author"`
	ImageURL     string         `db:"image_url"`
	Topics       []string       `db:"topics"`
	PublishedAt  *time.Time     `db:"published_at"`
	FirstSeenAt  time.Time      `db:"first_seen_at"`
	UpdatedAt    time.Time      `db:"updated_at"`
	State        State          `db:"state"`
	Reason       locale.Message `db:"reason"`
	DueAt        *time.Time     `db:"due_at"`
	Seq          *int64         `db:"seq"`
	ReleasedAt   *time.Time     `db:"released_at"`
	WithdrawnAt  *time.Time     `db:"withdrawn_at"`
}

// Article is all of one.
type Article struct {
	Row
	StoryID     int64      `db:"story_id"`
	PairedBy    string     `db:"paired_by"` // how its translations were found: hreflang, feed, hand; apart: a person said it has none
	Lead        bool       `db:"lead"`      // first in the digests that hold it
	ContentHTML string     `db:"content_html"`
	ImageAlt    string     `db:"image_alt"`
	CheckedAt   *time.Time `db:"checked_at"`
	Keys        []Key      `db:"-"`
	Events      []Event    `db:"-"`
}

// Event is one decision or remark about an article.
type Event struct {
	ID        int64          `db:"id"`
	At        time.Time      `db:"at"`
	State     State          `db:"state"`
	Reason    locale.Message `db:"reason"`
	AccountID *int64         `db:"account_id"` // nil: Vistka decided, or the command line
}

// Filter chooses a page of a list; zero values choose all.
type Filter struct {
	NewsletterID int64
	State        State
	Search       string // part of a title or an address
	Cursor       string // of the page before
	Limit        int    // 50 when 0, 200 at most
}

// List returns a page of articles, the newest first, and the cursor of the next
// page ("" on the last). Returns ErrCursor for a cursor that is not ours.
func List(ctx context.Context, db postgres.DB, f Filter) ([]Row, string, error) {
	at, id, err := parseCursor(f.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit := min(f.Limit, 200)
	if limit <= 0 {
		limit = 50
	}
	rows, err := many[Row](ctx, db, sqlList, pgx.StrictNamedArgs{
		"newsletter_id": f.NewsletterID, "state": string(f.State),
		"search": strings.TrimSpace(f.Search), "before_at": at, "before_id": id, "limit": limit + 1,
	})
	if err != nil {
		return nil, "", fmt.Errorf("list articles: %w", err)
	}
	if len(rows) <= limit {
		return rows, "", nil
	}
	rows = rows[:limit]
	last := rows[limit-1]
	next := strconv.FormatInt(last.FirstSeenAt.UnixMicro(), 36) + "." + strconv.FormatInt(last.ID, 36)
	return rows, base64.RawURLEncoding.EncodeToString([]byte(next)), nil
}

func parseCursor(s string) (time.Time, int64, error) {
	if s == "" {
		return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	at, id, ok := strings.Cut(string(raw), ".")
	micro, errAt := strconv.ParseInt(at, 36, 64)
	n, errID := strconv.ParseInt(id, 36, 64)
	if err != nil || !ok || errAt != nil || errID != nil || micro < 0 || micro > 250_000_000_000_000_000 {
		return time.Time{}, 0, ErrCursor
	}
	return time.UnixMicro(micro).UTC(), n, nil
}

// Get returns an article with its keys and events. Returns ErrNotFound.
func Get(ctx context.Context, db postgres.DB, id int64) (Article, error) {
	args := pgx.StrictNamedArgs{"id": id}
	a, err := one[Article](ctx, db, sqlGet, args)
	if err == nil {
		a.Keys, err = many[Key](ctx, db, sqlKeys, args)
	}
	if err == nil {
		a.Events, err = many[Event](ctx, db, sqlEvents, args)
	}
	if err != nil {
		return Article{}, fmt.Errorf("get article %d: %w", id, err)
	}
	return a, nil
}

// Counts is how many articles are in each state; newsletterID 0 counts all.
func Counts(ctx context.Context, db postgres.DB, newsletterID int64) (map[State]int64, error) {
	type row struct {
		State State `db:"state"`
		N     int64 `db:"n"`
	}
	rows, err := many[row](ctx, db, sqlCounts, pgx.StrictNamedArgs{"newsletter_id": newsletterID})
	if err != nil {
		return nil, fmt.Errorf("count articles: %w", err)
	}
	out := map[State]int64{}
	for _, r := range rows {
		out[r.State] = r.N
	}
	return out, nil
}

func isAny(err error, targets ...error) bool {
	for _, t := range targets {
		if errors.Is(err, t) {
			return true
		}
	}
	return false
}
