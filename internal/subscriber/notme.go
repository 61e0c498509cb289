package subscriber

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
	"vistka/internal/suppression"
	"vistka/internal/token"
)

// NotMe stops further confirmations to the address that got the mail and ends
// its pending sign-up. A subscription that exists stays as it is. It reports
// whether the link is one of ours; pressing twice is the same.
func (s *Service) NotMe(ctx context.Context, link string) (bool, error) {
	id, _, err := s.signup(token.NotMe, link)
	if err != nil {
		return false, nil
	}
	now := s.Clock.Now()
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		g, err := s.pending(ctx, tx, lockSignup, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil // purged: there is nothing left to stop
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, expireSignup, pgx.StrictNamedArgs{"id": id, "now": now}); err != nil {
			return err
		}
		return suppression.Add(ctx, tx, s.hash(g.address), suppression.NotMe, "", now)
	})
	if err != nil {
		return false, fmt.Errorf("not-me of sign-up %d: %w", id, err)
	}
	return true, nil
}

// Unasked is a sign-up as the page behind "this wasn't me" shows it. Where the
// sign-up is no longer stored, everything is zero.
type Unasked struct {
	NewsletterID int64
	Locale       string
	Masked       string
	Stopped      bool // no confirmation goes to the address
	Moved        bool // the change of address that asked has been confirmed
}

// NotMePage tells what the page behind the link shows; it changes nothing.
// Returns token.ErrInvalid if the link is not one of ours.
func (s *Service) NotMePage(ctx context.Context, link string) (Unasked, error) {
	id, _, err := s.signup(token.NotMe, link)
	if err != nil {
		return Unasked{}, token.ErrInvalid
	}
	g, err := s.pending(ctx, s.DB, getSignup, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Unasked{}, nil
	}
	if err != nil {
		return Unasked{}, fmt.Errorf("not-me page of sign-up %d: %w", id, err)
	}
	reason, err := suppression.Has(ctx, s.DB, s.hash(g.address))
	if err != nil {
		return Unasked{}, fmt.Errorf("not-me page of sign-up %d: %w", id, err)
	}
	return Unasked{NewsletterID: g.NewsletterID, Locale: g.Locale, Masked: g.address.Masked(), Stopped: reason.StopsConfirmation()}, nil
}
