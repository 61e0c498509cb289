package subscriber

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/token"
)

// Resent is the answer to "send again".
type Resent struct {
	Admission
	Sent   bool      // asked for; false: not before Next
	Handle string    // for the page from now on
	Next   time.Time // when the button may be pressed again
}

// Resend asks for the same mail once more: after 60 s, twice in 15 minutes at
// most. What it answers follows from the handle and the network alone, so it
// tells nothing of the address; the address's own caps may still keep the mail
// back. Returns token.ErrInvalid if the handle is not one of ours.
func (s *Service) Resend(ctx context.Context, sealed string, ip netip.Addr) (Resent, error) {
	h, err := s.open(sealed)
	if err != nil {
		return Resent{}, err
	}
	admission, err := s.Admit(ctx, Origin{IP: ip, Attested: true, Challenged: true})
	if err != nil || admission.Decision != Accepted {
		return Resent{Admission: admission}, err
	}
	now := s.Clock.Now()
	if next := h.next(); now.Before(next) {
		return Resent{Admission: admission, Handle: sealed, Next: next}, nil
	}
	if err := s.resend(ctx, h, now); err != nil {
		return Resent{}, fmt.Errorf("send again for sign-up %d: %w", h.signupID, err)
	}
	s.taken()
	if now.Sub(h.sentAt) >= resendWindow {
		h.sent = 0
	}
	h.sentAt, h.sent = now, h.sent+1
	return Resent{Admission: admission, Sent: true, Handle: s.seal(h), Next: h.next()}, nil
}

// next is when another mail may be asked for.
func (h handle) next() time.Time {
	if h.sent >= capQuarter {
		return h.sentAt.Add(resendWindow)
	}
	return h.sentAt.Add(resendAfter)
}

func (s *Service) resend(ctx context.Context, h handle, now time.Time) error {
	g, err := s.pending(ctx, s.DB, getSignup, h.signupID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // purged or erased: the page answers the same
	}
	if err != nil {
		return err
	}
	limit := s.limitHash(g.address)
	batch := &pgx.Batch{}
	batch.Queue(lockLimit, pgx.StrictNamedArgs{"key": lockKey(limit)})
	batch.Queue(claimLimit, pgx.StrictNamedArgs{
		"id": h.signupID, "limit": limit, "now": now, "quarter": capQuarter, "day": capDay, "month": capMonth,
	})
	return s.DB.SendBatch(ctx, batch).Close()
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
		Wording: g.Wording, Attested: true, Challenged: true, Mailed: true, IP: ip, UserAgent: userAgent,
	})
}
