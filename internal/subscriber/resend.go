package subscriber

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/postgres"
	"vistka/internal/token"
)

// Resent is the answer to "send again".
type Resent struct {
	Sent   bool      // asked for; false: not before Next
	Handle string    // for the page from now on
	Next   time.Time // when the button may be pressed again
}

// Resend asks for the same mail once more: after 60 s, twice in 15 minutes at
// most. What it answers follows from the handle alone, so it tells nothing of
// the address; the address's own caps may still keep the mail back. Returns
// token.ErrInvalid if the handle is not one of ours.
func (s *Service) Resend(ctx context.Context, sealed string) (Resent, error) {
	h, err := s.open(sealed)
	if err != nil {
		return Resent{}, err
	}
	now := s.Clock.Now()
	if next := h.next(); now.Before(next) {
		return Resent{Handle: sealed, Next: next}, nil
	}
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error { return s.resend(ctx, tx, h, now) })
	if err != nil {
		return Resent{}, fmt.Errorf("send again for sign-up %d: %w", h.signupID, err)
	}
	if now.Sub(h.sentAt) >= resendWindow {
		h.sent = 0
	}
	h.sentAt, h.sent = now, h.sent+1
	return Resent{Sent: true, Handle: s.seal(h), Next: h.next()}, nil
}

// next is when another mail may be asked for.
func (h handle) next() time.Time {
	if h.sent >= capQuarter {
		return h.sentAt.Add(resendWindow)
	}
	return h.sentAt.Add(resendAfter)
}

func (s *Service) resend(ctx context.Context, tx pgx.Tx, h handle, now time.Time) error {
	g, err := s.pending(ctx, tx, getSignup, h.signupID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // purged or erased: the page answers the same
	}
	if err != nil {
		return err
	}
	mail, err := s.claimConfirmation(ctx, tx, g.address, now)
	if err != nil {
		return err
	}
	_, err = s.Jobs.InsertTx(ctx, tx, SignupArgs{SignupID: h.signupID, Mail: mail}, nil)
	return err
}

// claimConfirmation takes one of the mails that a mailbox may get.
func (s *Service) claimConfirmation(ctx context.Context, tx pgx.Tx, a emailaddr.Address, now time.Time) (bool, error) {
	limit := s.limitHash(a)
	if _, err := tx.Exec(ctx, lockLimit, pgx.StrictNamedArgs{"key": lockKey(limit)}); err != nil {
		return false, err
	}
	tag, err := tx.Exec(ctx, claimLimit, pgx.StrictNamedArgs{
		"limit": limit, "now": now, "quarter": capQuarter, "day": capDay, "month": capMonth,
	})
	return tag.RowsAffected() == 1, err
}

// Renew signs up anew what an expired link had asked for. Returns
// token.ErrInvalid if the link is not one of ours or its sign-up is purged:
// then only the form helps.
func (s *Service) Renew(ctx context.Context, link string, ip netip.Addr, userAgent string) (SignUpResult, error) {
	id, _, err := s.signup(token.Confirm, link)
	if err != nil {
		return SignUpResult{}, err
	}
	g, err := s.pending(ctx, s.DB, getSignup, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return SignUpResult{}, token.ErrInvalid
	}
	if err != nil {
		return SignUpResult{}, fmt.Errorf("renew sign-up %d: %w", id, err)
	}
	return s.SignUp(ctx, SignUpRequest{
		NewsletterID: g.NewsletterID, Address: g.address, Locale: g.Locale, ArticleURL: g.ArticleURL, PageURL: g.PageURL,
		Wording: g.Wording, Attested: true, Challenged: true, IP: ip, UserAgent: userAgent,
	})
}
