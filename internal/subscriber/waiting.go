package subscriber

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/postgres"
	"vistka/internal/suppression"
)

// Waiting is a sign-up that nobody has confirmed, and what became of the mail
// that asks for it.
type Waiting struct {
	ID         int64
	Newsletter string // slug
	Address    string
	Locale     string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	Mail       string             // state of the last confirmation as a notice has it; empty: none was made
	SettledAt  *time.Time         // of that mail
	Reply      string             // the relay's words about it
	Owed       bool               // a mail is to be made
	Capped     bool               `db:"-"` // none was made, for the address had had its share of them
	Held       string             // what a mail that is owed waits for: site, domain, "let go"; empty: nothing
	Suppressed suppression.Reason `db:"-"` // why none is mailed, empty if nothing stands against it
}

// Waits returns sign-ups not confirmed, the newest first. query is part of an
// address; with one, links that have run out are found too, for their owners
// are those who ask. before is the id that the page before ended with, 0 for
// the first.
func (s *Service) Waits(ctx context.Context, db postgres.DB, newsletter, query string, before int64, limit int) ([]Waiting, error) {
	rows, err := db.Query(ctx, waits, pgx.StrictNamedArgs{
		"newsletter": newsletter, "query": like(query), "before": before, "limit": limit, "now": s.Clock.Now(),
	})
	if err != nil {
		return nil, fmt.Errorf("search sign-ups: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Waiting])
	if err != nil {
		return nil, fmt.Errorf("search sign-ups: %w", err)
	}
	for i, w := range out {
		a, err := emailaddr.Parse(w.Address)
		if err != nil {
			return nil, fmt.Errorf("sign-up %d: %w", w.ID, err)
		}
		if out[i].Suppressed, err = suppression.Has(ctx, db, s.hash(a)); err != nil {
			return nil, fmt.Errorf("sign-up %d: %w", w.ID, err)
		}
		if w.Mail != "" || w.Owed || w.Held != "" {
			continue
		}
		err = db.QueryRow(ctx, hadItsShare, pgx.StrictNamedArgs{
			"limit": s.limitHash(a), "at": w.CreatedAt, "quarter": capQuarter, "day": capDay, "month": capMonth,
		}).Scan(&out[i].Capped)
		if err != nil {
			return nil, fmt.Errorf("sign-up %d: %w", w.ID, err)
		}
	}
	return out, nil
}

// AllowConfirmations takes back a "this wasn't me" of a sign-up's address, so
// that it may be asked again. It reports whether there was one. Returns
// ErrNoReader if there is no such sign-up.
func (s *Service) AllowConfirmations(ctx context.Context, db postgres.DB, signupID int64) (bool, error) {
	rows, err := db.Query(ctx, signupAddress, pgx.StrictNamedArgs{"id": signupID})
	if err != nil {
		return false, fmt.Errorf("sign-up %d: %w", signupID, err)
	}
	address, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return false, fmt.Errorf("sign-up %d: %w", signupID, err)
	}
	if len(address) == 0 {
		return false, fmt.Errorf("sign-up %d: %w", signupID, ErrNoReader)
	}
	a, err := emailaddr.Parse(address[0])
	if err != nil {
		return false, fmt.Errorf("sign-up %d: %w", signupID, err)
	}
	return suppression.Remove(ctx, db, s.hash(a), suppression.NotMe)
}

// like is a pattern that finds words as they are, somewhere in a lower-case text.
func like(words string) string {
	words = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(strings.TrimSpace(words)))
	return "%" + clip(words, maxURL) + "%"
}

const (
	waits = `
SELECT g.id, n.slug AS newsletter, g.address, g.locale, g.created_at, g.expires_at,
       coalesce(t.state, '') AS mail, t.settled_at, coalesce(t.reply, '') AS reply,
       g.mail_due_at IS NOT NULL AS owed, coalesce(g.held, '') AS held
FROM signup g
JOIN newsletter n ON n.id = g.newsletter_id
LEFT JOIN LATERAL (
    SELECT state, settled_at, reply
    FROM notice
    WHERE signup_id = g.id
      AND kind = 'confirmation'
    ORDER BY id DESC
    LIMIT 1) t ON true
WHERE g.confirmed_at IS NULL
  AND (g.expires_at > @now OR @query <> '%%')
  AND (@newsletter = '' OR n.slug = @newsletter)
  AND (g.address_key LIKE @query OR lower(g.address) LIKE @query)
  AND (@before::bigint = 0 OR g.id < @before::bigint)
  AND NOT EXISTS (
      SELECT FROM subscriber r
      JOIN subscription x ON x.subscriber_id = r.id
      WHERE r.address_key = g.address_key AND x.newsletter_id = g.newsletter_id AND x.state = 'active')
ORDER BY g.id DESC
LIMIT @limit`

	// As a sign-up of that moment was judged.
	hadItsShare = `
SELECT count(*) FILTER (WHERE at > @at::timestamptz - interval '15 minutes') >= @quarter
    OR count(*) FILTER (WHERE at > @at::timestamptz - interval '24 hours') >= @day
    OR count(*) >= @month
FROM address_limit
WHERE limit_key = @limit
  AND kind = 'confirmation'
  AND at BETWEEN @at::timestamptz - interval '30 days' AND @at`

	signupAddress = `
SELECT address
FROM signup
WHERE id = @id`
)
