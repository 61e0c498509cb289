package subscriber

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/postgres"
	"vistka/internal/suppression"
	"vistka/internal/token"
)

// LeaveSource says how somebody left, for the admin and the proof.
type LeaveSource string

const (
	FromHeader LeaveSource = "header" // one-click POST of RFC 8058
	FromPage   LeaveSource = "page"   // the button behind the link in the mail
	FromAdmin  LeaveSource = "admin"
)

// Left is what the page after leaving shows. Known is false for a person who
// has been erased since the mail: the answer is friendly all the same.
type Left struct {
	Reader
	Already bool // had left before
	Known   bool
	Others  int // other newsletters of this site that the person reads
	With    int // others that the same press ended
}

// Reader is a subscription as its own pages show it.
type Reader struct {
	NewsletterID int64
	SubscriberID int64
	Masked       string
	Locale       string
	Ended        bool
}

// ErrNoReader says that a link is ours but its reader is no longer stored.
var ErrNoReader = errors.New("subscriber: no such reader")

// Unsubscribe ends the subscription behind a link of a mail, at once and any
// number of times. Mail already queued is cancelled by the sender's re-check.
// Returns token.ErrInvalid if the link is not one of ours.
func (s *Service) Unsubscribe(ctx context.Context, link string, source LeaveSource, ev Evidence) (Left, error) {
	newsletterID, subscriberID, err := s.reader(link, token.Unsubscribe, token.Preferences)
	if err != nil {
		return Left{}, err
	}
	return s.End(ctx, s.DB, newsletterID, subscriberID, source, ev)
}

// End ends a subscription by its ids, for the admin and the command line.
func (s *Service) End(ctx context.Context, db postgres.DB, newsletterID, subscriberID int64, source LeaveSource, ev Evidence) (Left, error) {
	var left Left
	err := postgres.InTx(ctx, db, func(tx pgx.Tx) (err error) {
		left, err = s.end(ctx, tx, newsletterID, subscriberID, source, ev, s.Clock.Now())
		return err
	})
	if err != nil {
		return Left{}, fmt.Errorf("unsubscribe %d from newsletter %d: %w", subscriberID, newsletterID, err)
	}
	return left, nil
}

func (s *Service) end(ctx context.Context, tx pgx.Tx, newsletterID, subscriberID int64, source LeaveSource, ev Evidence, now time.Time) (Left, error) {
	tag, err := tx.Exec(ctx, end, pgx.StrictNamedArgs{
		"newsletter": newsletterID, "subscriber": subscriberID, "source": string(source), "now": now,
	})
	if err != nil {
		return Left{}, err
	}
	r, address, err := readReader(ctx, tx, newsletterID, subscriberID)
	if errors.Is(err, ErrNoReader) {
		return Left{Reader: Reader{NewsletterID: newsletterID}, Already: true}, nil
	}
	if err != nil {
		return Left{}, err
	}
	left := Left{Reader: r, Known: true, Already: tag.RowsAffected() == 0}
	if left.Already {
		return left, nil
	}
	return left, s.consent(ctx, tx, newsletterID, address, r.Locale, consent{Kind: "withdrawn", Source: string(source), At: now, Evidence: ev})
}

// UnsubscribeAll ends every subscription of the person behind a link, in one
// press (rule B9): all at the same moment, by which Undo knows them.
// Returns token.ErrInvalid if the link is not one of ours.
func (s *Service) UnsubscribeAll(ctx context.Context, link string, ev Evidence) error {
	_, subscriberID, err := s.reader(link, token.Unsubscribe, token.Preferences)
	if err != nil {
		return err
	}
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, activeOf, pgx.StrictNamedArgs{"subscriber": subscriberID})
		if err != nil {
			return err
		}
		newsletters, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		now := s.Clock.Now()
		for _, id := range newsletters {
			if _, err := s.end(ctx, tx, id, subscriberID, FromPage, ev, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("unsubscribe %d from everything: %w", subscriberID, err)
	}
	return nil
}

// LeavePage tells what the page behind an unsubscribe link shows; it changes
// nothing. Returns token.ErrInvalid if the link is not one of ours; a reader
// who is no longer stored is Left without Known.
func (s *Service) LeavePage(ctx context.Context, link string) (Left, error) {
	newsletterID, subscriberID, err := s.reader(link, token.Unsubscribe, token.Preferences)
	if err != nil {
		return Left{}, err
	}
	r, _, err := readReader(ctx, s.DB, newsletterID, subscriberID)
	if errors.Is(err, ErrNoReader) {
		return Left{Reader: Reader{NewsletterID: newsletterID}, Already: true}, nil
	}
	if err != nil {
		return Left{}, fmt.Errorf("unsubscribe page of %d: %w", subscriberID, err)
	}
	left := Left{Reader: r, Known: true, Already: r.Ended}
	err = s.DB.QueryRow(ctx, countOthers, pgx.StrictNamedArgs{"newsletter": newsletterID, "subscriber": subscriberID}).Scan(&left.Others, &left.With)
	if err != nil {
		return Left{}, fmt.Errorf("other newsletters of %d: %w", subscriberID, err)
	}
	return left, nil
}

// Undo takes back leaving within 30 days, and with it whatever the same press
// ended: the settings are those of before, and no article of the time between
// is lost. It reports whether the reader is active now; false: too long ago,
// suppressed since, or no longer stored.
// Returns token.ErrInvalid if the link is not one of ours.
func (s *Service) Undo(ctx context.Context, link string, ev Evidence) (bool, error) {
	newsletterID, subscriberID, err := s.reader(link, token.Unsubscribe, token.Preferences)
	if err != nil {
		return false, err
	}
	active := false
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) (err error) {
		rows, err := tx.Query(ctx, endedTogether, pgx.StrictNamedArgs{"newsletter": newsletterID, "subscriber": subscriberID})
		if err != nil {
			return err
		}
		together, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		for _, id := range together {
			back, err := s.undo(ctx, tx, id, subscriberID, ev)
			if err != nil {
				return err
			}
			if id == newsletterID {
				active = back
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("undo leaving of %d from newsletter %d: %w", subscriberID, newsletterID, err)
	}
	return active, nil
}

func (s *Service) undo(ctx context.Context, tx pgx.Tx, newsletterID, subscriberID int64, ev Evidence) (bool, error) {
	now := s.Clock.Now()
	keys := pgx.StrictNamedArgs{"newsletter": newsletterID, "subscriber": subscriberID}
	var endedAt *time.Time
	err := tx.QueryRow(ctx, lockEnded, keys).Scan(&endedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil || endedAt == nil {
		return err == nil, err // endedAt null: never left, or undone already
	}
	r, address, err := readReader(ctx, tx, newsletterID, subscriberID)
	if err != nil {
		return false, err
	}
	reason, err := suppression.Has(ctx, tx, s.hash(address))
	if err != nil || reason.StopsEditions() || now.Sub(*endedAt) > undoWithin {
		return false, err
	}
	// What the sender cancelled since is owed; what was released since lies
	// above the mark, which did not move.
	keys["now"], keys["since"] = now, *endedAt
	if _, err := tx.Exec(ctx, oweCancelled, keys); err != nil {
		return false, err
	}
	delete(keys, "since")
	if _, err := tx.Exec(ctx, restore, keys); err != nil {
		return false, err
	}
	if err := s.consent(ctx, tx, newsletterID, address, r.Locale, consent{Kind: "restored", Source: string(FromPage), At: now, Evidence: ev}); err != nil {
		return false, err
	}
	return true, s.changed(ctx, tx, newsletterID)
}

func readReader(ctx context.Context, db postgres.DB, newsletterID, subscriberID int64) (Reader, emailaddr.Address, error) {
	r := Reader{NewsletterID: newsletterID, SubscriberID: subscriberID}
	var raw string
	err := db.QueryRow(ctx, getReader, pgx.StrictNamedArgs{"newsletter": newsletterID, "subscriber": subscriberID}).
		Scan(&raw, &r.Locale, &r.Ended)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, emailaddr.Address{}, ErrNoReader
	}
	if err != nil {
		return r, emailaddr.Address{}, err
	}
	address, err := emailaddr.Parse(raw)
	r.Masked = address.Masked()
	return r, address, err
}
