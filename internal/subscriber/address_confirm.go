package subscriber

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"vistka/internal/emailaddr"
	"vistka/internal/postgres"
	"vistka/internal/suppression"
	"vistka/internal/token"
)

// ConfirmAddress is the new mailbox's word: from now on mail comes there. The
// person stays the same, with all subscriptions and settings. Pressing again is
// the same. Returns token.ErrInvalid if the link is not one of ours.
func (s *Service) ConfirmAddress(ctx context.Context, link string, ev Evidence) (AddressChange, error) {
	newsletterID, id, err := s.reader(link, token.NewAddress)
	if err != nil {
		return AddressChange{}, err
	}
	var c AddressChange
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) (err error) {
		c, err = s.confirmAddress(ctx, tx, newsletterID, id, ev)
		return err
	})
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) && pg.Code == uniqueViolation {
		c, err = s.AddressPage(ctx, link)
		c.State = ChangeTaken // somebody with that address came first
		return c, err
	}
	if err != nil {
		return AddressChange{}, fmt.Errorf("confirm address change %d: %w", id, err)
	}
	return c, nil
}

// uniqueViolation is Postgres' code for a key that is there already.
const uniqueViolation = "23505"

// confirmAddress locks as erasure does: the subscriptions in the order of
// fan-out, then the person, then the wish.
func (s *Service) confirmAddress(ctx context.Context, tx pgx.Tx, newsletterID, id int64, ev Evidence) (AddressChange, error) {
	now := s.Clock.Now()
	newsletters, err := s.lockOwner(ctx, tx, id)
	if err != nil {
		return AddressChange{}, err
	}
	c, err := readChange(ctx, tx, lockChange, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return AddressChange{State: ChangeOver, NewsletterID: newsletterID}, nil
	}
	if err != nil {
		return AddressChange{}, err
	}
	shown := c.shown(s, now)
	if shown.State != ChangeWaiting {
		return shown, nil
	}
	a, err := emailaddr.Parse(c.Address)
	if err != nil {
		return shown, err
	}
	taken, err := s.isTaken(ctx, tx, a)
	if err != nil || taken {
		shown.State = ChangeTaken
		return shown, err
	}
	provider, err := s.provider(ctx, tx, a)
	if err != nil {
		return shown, err
	}
	_, err = tx.Exec(ctx, moveSubscriber, pgx.StrictNamedArgs{
		"id": c.SubscriberID, "address": a.String(), "key": a.Key(), "hash": s.hash(a), "provider": provider,
	})
	if err != nil {
		return shown, err
	}
	if _, err := tx.Exec(ctx, moveSubscriptions, pgx.StrictNamedArgs{"id": c.SubscriberID, "provider": provider}); err != nil {
		return shown, err
	}
	if _, err := tx.Exec(ctx, settleChange, pgx.StrictNamedArgs{"id": id, "state": string(ChangeDone), "now": now}); err != nil {
		return shown, err
	}
	moved := consent{Kind: "changed", Source: "address", Changes: settings(set(setAddress, c.Current, a.String())), At: now, Evidence: ev}
	for _, n := range newsletters {
		if err := s.consent(ctx, tx, n, a, c.Locale, moved); err != nil {
			return shown, err
		}
	}
	c.State, c.Current, c.Address = ChangeDone, a.String(), ""
	return c.shown(s, now), s.tellMoved(ctx, tx, c)
}

// tellMoved mails the new mailbox that mail comes there from now on, in the name of
// a newsletter that does: the one that the change was asked in, if it can be. Who
// reads none is mailed nothing.
func (s *Service) tellMoved(ctx context.Context, tx pgx.Tx, c change) error {
	n := Notice{Kind: NoticeLink, About: AboutMoved, Locale: c.Locale, SubscriberID: c.SubscriberID, Change: c.ID}
	err := tx.QueryRow(ctx, readsAny, pgx.StrictNamedArgs{"subscriber": c.SubscriberID, "newsletter": c.NewsletterID}).Scan(&n.NewsletterID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.Notify(ctx, tx, n)
}

// lockOwner locks the person of a wish and returns the newsletters they have
// or had subscribed to.
func (s *Service) lockOwner(ctx context.Context, tx pgx.Tx, change int64) ([]int64, error) {
	rows, err := tx.Query(ctx, lockOwner, pgx.StrictNamedArgs{"change": change})
	if err != nil {
		return nil, err
	}
	newsletters, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, lockOwnerPerson, pgx.StrictNamedArgs{"change": change})
	return newsletters, err
}

// isTaken reports whether an address cannot become this reader's: it is another
// subscriber's, or is never mailed. That its owner once asked to be forgotten,
// or for no more confirmations, is lifted by their pressing now.
func (s *Service) isTaken(ctx context.Context, tx pgx.Tx, a emailaddr.Address) (bool, error) {
	var taken bool
	if err := tx.QueryRow(ctx, addressTaken, pgx.StrictNamedArgs{"key": a.Key()}).Scan(&taken); err != nil || taken {
		return taken, err
	}
	if _, err := suppression.Remove(ctx, tx, s.hash(a), suppression.Erased, suppression.NotMe); err != nil {
		return false, err
	}
	reason, err := suppression.Has(ctx, tx, s.hash(a))
	return reason.StopsEditions(), err
}

// KeepAddress is the old mailbox's word: the change does not happen, nor any
// that was asked for since its mail, and no link to the reader's data that was mailed
// before opens anything any more, also where the change has ended some other way:
// whoever asked for it can end it from the new mailbox. Once one is done this stops
// nothing. Returns token.ErrInvalid if the link is not one of ours.
func (s *Service) KeepAddress(ctx context.Context, link string) (AddressChange, error) {
	newsletterID, id, err := s.reader(link, token.KeepAddress)
	if err != nil {
		return AddressChange{}, err
	}
	out := AddressChange{State: ChangeOver, NewsletterID: newsletterID}
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		// The person before the wish, as whoever confirms or asks anew does.
		if _, err := tx.Exec(ctx, lockOwnerPerson, pgx.StrictNamedArgs{"change": id}); err != nil {
			return err
		}
		now := s.Clock.Now()
		c, err := readChange(ctx, tx, lockStoppable, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if out = c.toOld(s, now); out.State != ChangeWaiting && !out.Closable {
			return nil
		}
		out.State, out.New, out.Typed, out.Closed, out.Closable = ChangeCancelled, "", "", true, false
		if _, err := tx.Exec(ctx, keepAddress, pgx.StrictNamedArgs{"id": c.SubscriberID, "now": now}); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, settleChange, pgx.StrictNamedArgs{"id": c.ID, "state": string(ChangeCancelled), "now": now})
		return err
	})
	if err != nil {
		return AddressChange{}, fmt.Errorf("keep address, change %d: %w", id, err)
	}
	return out, nil
}
