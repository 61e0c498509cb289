package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// ledgerPoll is how often we ask how far an edition is: often enough to lose
// nothing of a second, seldom enough not to be felt.
const ledgerPoll = 100 * time.Millisecond

// mailing is an edition that is being made for one article.
type mailing struct {
	lab   *lab
	name  string // of the newsletter
	after int64  // id of the edition before it
}

// publish puts an article on the site and has the service told.
func (l *lab) publish(ctx context.Context, s *service, name string, letters int) (*mailing, error) {
	m := &mailing{lab: l, name: name}
	if err := l.db.QueryRow(ctx, sqlLastEdition, pgx.StrictNamedArgs{"newsletter": name}).Scan(&m.after); err != nil {
		return nil, fmt.Errorf("last edition of %s: %w", name, err)
	}
	l.site.publish(name, story{Title: fmt.Sprintf("News after edition %d", m.after), Text: filler(letters)})
	return m, s.ping(l.site.feed(name))
}

// account is what the ledger says of an edition.
type account struct {
	Released    time.Time
	First, Last time.Time // mails accepted
	Deliveries  int
	Sent        int
}

// account reads it. Returns pgx.ErrNoRows if there is no delivery.
func (m *mailing) account(ctx context.Context) (account, error) {
	var a account
	var first, last *time.Time
	err := m.lab.db.QueryRow(ctx, sqlAccount, pgx.StrictNamedArgs{"newsletter": m.name, "after": m.after}).
		Scan(&a.Released, &first, &last, &a.Deliveries, &a.Sent)
	if first != nil && last != nil {
		a.First, a.Last = *first, *last
	}
	return a, err
}

// fanned waits until every delivery is made, and returns when.
func (m *mailing) fanned(ctx context.Context, s *service, every time.Duration) (at time.Time, err error) {
	err = m.until(ctx, s, every, func(fanned, _ bool) bool { return fanned })
	return at, errors.Join(err, m.lab.db.QueryRow(ctx, sqlNow).Scan(&at))
}

// settled waits until nothing of the edition is left to send.
func (m *mailing) settled(ctx context.Context, s *service) error {
	return m.until(ctx, s, ledgerPoll, func(fanned, settled bool) bool { return fanned && settled })
}

func (m *mailing) until(ctx context.Context, s *service, every time.Duration, done func(fanned, settled bool) bool) error {
	for {
		var fanned, settled bool
		err := m.lab.db.QueryRow(ctx, sqlProgress, pgx.StrictNamedArgs{"newsletter": m.name, "after": m.after}).Scan(&fanned, &settled)
		if err != nil {
			return fmt.Errorf("progress of %s: %w", m.name, err)
		}
		if done(fanned, settled) {
			return nil
		}
		if err := s.alive(); err != nil {
			return err
		}
		if err := pause(ctx, every); err != nil {
			return fmt.Errorf("wait for the edition of %s: %w", m.name, err)
		}
	}
}
