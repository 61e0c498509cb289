package subscriber

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
)

// join makes the subscriber and the subscription and queues the welcome. A
// person who comes back starts like a new one: with the newsletter's cadence,
// which the form named, and with the next article.
func (s *Service) join(ctx context.Context, tx pgx.Tx, g pending, now time.Time) (int64, error) {
	var n struct {
		lastSeq       int64
		cadence, zone string
		hour          int16
		welcome       bool
	}
	err := tx.QueryRow(ctx, newsletterForJoin, pgx.StrictNamedArgs{"id": g.NewsletterID}).
		Scan(&n.lastSeq, &n.cadence, &n.zone, &n.hour, &n.welcome)
	if err != nil {
		return 0, err
	}
	id, provider, err := s.person(ctx, tx, g.address, g.Locale, now)
	if err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, forgetOwed, pgx.StrictNamedArgs{"newsletter": g.NewsletterID, "subscriber": id}); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, join, pgx.StrictNamedArgs{
		"newsletter": g.NewsletterID, "subscriber": id, "cadence": n.cadence, "locale": g.Locale, "zone": n.zone,
		"hour": n.hour, "seq": n.lastSeq, "provider": provider, "now": now,
	})
	if err != nil {
		return 0, err
	}
	if !n.welcome {
		return id, nil
	}
	return id, s.Notify(ctx, tx, Notice{Kind: NoticeWelcome, Locale: g.Locale, NewsletterID: g.NewsletterID, SubscriberID: id})
}

// person returns the subscriber of an address, made where there is none.
func (s *Service) person(ctx context.Context, tx pgx.Tx, a emailaddr.Address, locale string, now time.Time) (id, provider int64, err error) {
	if provider, err = s.provider(ctx, tx, a); err != nil {
		return 0, 0, err
	}
	err = tx.QueryRow(ctx, upsertSubscriber, pgx.StrictNamedArgs{
		"address": a.String(), "key": a.Key(), "hash": s.hash(a), "provider": provider, "locale": locale, "now": now,
	}).Scan(&id)
	return id, provider, err
}

// provider returns the row of an address's provider, made where there is none.
func (s *Service) provider(ctx context.Context, tx pgx.Tx, a emailaddr.Address) (id int64, err error) {
	for id == 0 { // empty only when another transaction has just made the row and this snapshot is older
		err := tx.QueryRow(ctx, upsertProvider, pgx.StrictNamedArgs{"domain": a.Provider()}).Scan(&id)
		if err != nil && err != pgx.ErrNoRows {
			return 0, err
		}
	}
	return id, nil
}
