package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// EnqueueAll is Enqueue of any number of notices in one statement, in their
// order. Nothing is done for none.
func EnqueueAll(ctx context.Context, db postgres.DB, now time.Time, notices []Notice) error {
	if len(notices) == 0 {
		return nil
	}
	var kinds, locales, addresses, contents []string
	var newsletters, signups, subscribers []*int64
	for _, n := range notices {
		content, err := json.Marshal(n.Content)
		if err != nil {
			return fmt.Errorf("enqueue %s notice: %w", n.Kind, err)
		}
		kinds, locales, addresses = append(kinds, string(n.Kind)), append(locales, n.Locale), append(addresses, n.Address)
		contents = append(contents, string(content))
		newsletters, signups = append(newsletters, orNull(n.NewsletterID)), append(signups, orNull(n.SignupID))
		subscribers = append(subscribers, orNull(n.SubscriberID))
	}
	_, err := db.Exec(ctx, sqlEnqueueAll, pgx.StrictNamedArgs{
		"kinds": kinds, "locales": locales, "newsletters": newsletters, "signups": signups, "subscribers": subscribers,
		"addresses": addresses, "contents": contents, "now": now,
	})
	if err != nil {
		return fmt.Errorf("enqueue %d notices: %w", len(notices), err)
	}
	return nil
}

// EnqueueAll is the function of the same name with the service's clock.
func (s *Service) EnqueueAll(ctx context.Context, tx pgx.Tx, notices []Notice) error {
	return EnqueueAll(ctx, tx, s.Clock.Now(), notices)
}

const sqlEnqueueAll = `
WITH rows AS (
    INSERT INTO notice (kind, locale, newsletter_id, signup_id, subscriber_id, address, content, state, due_at, created_at)
    SELECT x.kind, x.locale, x.newsletter, x.signup, x.subscriber, x.address, x.content::jsonb, 'queued', @now, @now
    FROM unnest(@kinds::text[], @locales::text[], @newsletters::bigint[], @signups::bigint[], @subscribers::bigint[], @addresses::text[],
                @contents::text[])
         WITH ORDINALITY AS x(kind, locale, newsletter, signup, subscriber, address, content, n)
    ORDER BY x.n
)
SELECT pg_notify('vistka_delivery', '` + noticeQueued + `')`
