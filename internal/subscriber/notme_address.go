package subscriber

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/postgres"
	"vistka/internal/suppression"
	"vistka/internal/token"
)

// pairSize is what token.Pair takes, in octets.
const pairSize = 12

// NotMyAddressPayload is what the link "this wasn't me" of the mail to a new mailbox
// is bound to: the wish, and the mailbox by the keyed hash of its address. A wish that is settled holds the address no more,
// and whoever has the mailbox may still say so.
func NotMyAddressPayload(newsletterID, change int64, mailbox []byte) []byte {
	return append(AddressPayload(newsletterID, change), mailbox...)
}

// NotMyAddress is NotMe of the mailbox that somebody wished mail to come to: the
// wish ends while it waits, as does one for the same mailbox that replaced it, and
// no confirmation goes there any more. It reports whether the link is one of ours;
// pressing twice is the same.
func (s *Service) NotMyAddress(ctx context.Context, link string) (bool, error) {
	_, id, mailbox, err := s.notMyAddress(link)
	if err != nil {
		return false, nil
	}
	now := s.Clock.Now()
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		c, err := readChange(ctx, tx, lockStoppable, id)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) { // none: there is only the mailbox to leave alone
			return err
		}
		if a, bad := emailaddr.Parse(c.Address); bad == nil && c.State == ChangeWaiting && bytes.Equal(s.hash(a), mailbox) {
			if _, err := tx.Exec(ctx, settleChange, pgx.StrictNamedArgs{"id": c.ID, "state": string(ChangeCancelled), "now": now}); err != nil {
				return err
			}
		}
		return suppression.Add(ctx, tx, mailbox, suppression.NotMe, "", now)
	})
	if err != nil {
		return false, fmt.Errorf("not-me of address change %d: %w", id, err)
	}
	return true, nil
}

// NotMyAddressPage is NotMePage for that link. Nothing in it is masked: the wish
// may hold no address any more.
func (s *Service) NotMyAddressPage(ctx context.Context, link string) (Unasked, error) {
	newsletterID, id, mailbox, err := s.notMyAddress(link)
	if err != nil {
		return Unasked{}, err
	}
	c, err := readChange(ctx, s.DB, getChange, id)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Unasked{}, fmt.Errorf("not-me page of address change %d: %w", id, err)
	}
	reason, err := suppression.Has(ctx, s.DB, mailbox)
	if err != nil {
		return Unasked{}, fmt.Errorf("not-me page of address change %d: %w", id, err)
	}
	return Unasked{NewsletterID: newsletterID, Locale: c.Locale, Stopped: reason.StopsConfirmation(), Moved: c.State == ChangeDone}, nil
}

func (s *Service) notMyAddress(link string) (newsletterID, change int64, mailbox []byte, err error) {
	payload, err := s.Keys.Verify(token.NotMyAddress, link)
	if err != nil || len(payload) <= pairSize {
		return 0, 0, nil, token.ErrInvalid
	}
	newsletterID, change, err = splitPair(payload[:pairSize])
	return newsletterID, change, payload[pairSize:], err
}
