package subscriber

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/postgres"
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
	Others  int       // other newsletters of this site that the person reads
	With    []string  // names of the others that the same press ended
	Apart   bool      // that press did not end this one, which had been left before
	Until   time.Time // until when that press can be taken back, if it ended anything
}

// Reader is a subscription as its own pages show it.
type Reader struct {
	NewsletterID int64
	SubscriberID int64
	Masked       string
	Locale       string
	Zone         string // IANA name
	Ended        bool

	keptAt  time.Time // when they last kept their address; zero: never
	endedAt time.Time // zero: not ended
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
// press (rule B9): all at the same moment, by which Undo knows them. It returns
// that moment; zero: nothing was left to end.
// Returns token.ErrInvalid if the link is not one of ours.
func (s *Service) UnsubscribeAll(ctx context.Context, link string, ev Evidence) (press time.Time, err error) {
	_, subscriberID, err := s.reader(link, token.Unsubscribe, token.Preferences)
	if err != nil {
		return press, err
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
		press = time.Time{}
		now := s.Clock.Now()
		for _, id := range newsletters {
			left, err := s.end(ctx, tx, id, subscriberID, FromPage, ev, now)
			if err != nil {
				return err
			}
			if !left.Already {
				press = now
			}
		}
		return nil
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("unsubscribe %d from everything: %w", subscriberID, err)
	}
	return press, nil
}

// LeavePage tells what the page behind an unsubscribe link shows; it changes
// nothing. press is one of UnsubscribeAll; zero: the one that ended this
// subscription. Returns token.ErrInvalid if the link is not one of ours; a reader
// who is no longer stored is Left without Known.
func (s *Service) LeavePage(ctx context.Context, link string, press time.Time) (Left, error) {
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
	err = s.DB.QueryRow(ctx, others, pgx.StrictNamedArgs{"newsletter": newsletterID, "subscriber": subscriberID, "press": timeOrNull(press)}).
		Scan(&left.Others, &left.With, &left.Apart)
	if err != nil {
		return Left{}, fmt.Errorf("other newsletters of %d: %w", subscriberID, err)
	}
	if left.Until = r.endedAt.Add(undoWithin); left.Apart {
		left.Until = press.Add(undoWithin)
	}
	return left, nil
}

// timeOrNull is t for a timestamptz; none is null.
func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func readReader(ctx context.Context, db postgres.DB, newsletterID, subscriberID int64) (Reader, emailaddr.Address, error) {
	r := Reader{NewsletterID: newsletterID, SubscriberID: subscriberID}
	var raw string
	var keptAt, endedAt *time.Time
	err := db.QueryRow(ctx, getReader, pgx.StrictNamedArgs{"newsletter": newsletterID, "subscriber": subscriberID}).
		Scan(&raw, &r.Locale, &r.Zone, &r.Ended, &endedAt, &keptAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, emailaddr.Address{}, ErrNoReader
	}
	if err != nil {
		return r, emailaddr.Address{}, err
	}
	if keptAt != nil {
		r.keptAt = *keptAt
	}
	if endedAt != nil {
		r.endedAt = *endedAt
	}
	address, err := emailaddr.Parse(raw)
	r.Masked = address.Masked()
	return r, address, err
}
