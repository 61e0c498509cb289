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
		if n.RequestID != 0 { // it must go with its request, which only Enqueue sees to
			return fmt.Errorf("enqueue %s notice: of a request, among many", n.Kind)
		}
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
