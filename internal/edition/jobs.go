package edition

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"vistka/internal/postgres"
)

// FanOutArgs asks for a newsletter's fan-out.
type FanOutArgs struct {
	NewsletterID int64 `json:"newsletter_id"`
	// Seq is the newsletter's last when it was asked for. River counts a
	// running job as a duplicate, so without it a release during a fan-out
	// would have to wait for the next tick.
	Seq int64 `json:"seq"`
	// Minute tells the ticks apart, 0 for an act: the job of a process that was
	// killed stays "running" until it is rescued, and must not keep a later
	// tick from what is due.
	Minute int64 `json:"minute,omitempty"`
}

// Kind names the job in River's tables.
func (FanOutArgs) Kind() string { return "edition_fan_out" }

// InsertOpts make the job unique until it is done. It is tried again only for
// what passes in seconds; after that the next tick asks for it anew.
func (FanOutArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished()}}
}

// TickArgs looks for slots that are due and for what nobody fanned out.
type TickArgs struct{}

// Kind names the job in River's tables.
func (TickArgs) Kind() string { return "edition_tick" }

// InsertOpts keep one tick a minute, however many replicas insert it.
func (TickArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByPeriod: time.Minute}}
}

// Released asks for the fan-out of a newsletter in the caller's transaction:
// after a release, and after any act that lets a reader catch up at once.
func (s *Service) Released(ctx context.Context, tx pgx.Tx, newsletterID int64) error {
	return s.ask(ctx, tx, FanOutArgs{NewsletterID: newsletterID})
}

func (s *Service) ask(ctx context.Context, tx pgx.Tx, args FanOutArgs) error {
	if err := tx.QueryRow(ctx, sqlLastSeq, pgx.StrictNamedArgs{"newsletter": args.NewsletterID}).Scan(&args.Seq); err != nil {
		return fmt.Errorf("ask for fan-out of newsletter %d: %w", args.NewsletterID, err)
	}
	if _, err := s.Jobs.InsertTx(ctx, tx, args, nil); err != nil {
		return fmt.Errorf("ask for fan-out of newsletter %d: %w", args.NewsletterID, err)
	}
	return nil
}

// Tick gives digest readers without a slot their next one, expires what could
// not go out in time, finishes cancelling what came back from the wire, and asks
// for the fan-out of every newsletter that has something due: a slot, an end of a
// pause, something owed, a release whose fan-out never ended.
func (s *Service) Tick(ctx context.Context) error {
	now := s.Clock.Now()
	for _, month := range []time.Time{monthOf(now), monthOf(now).AddDate(0, 1, 0)} {
		if _, err := s.DB.Exec(ctx, sqlEnsureMonth, pgx.StrictNamedArgs{"month": month}); err != nil {
			return fmt.Errorf("tick of editions: make partition: %w", err)
		}
	}
	if _, err := s.DB.Exec(ctx, sqlMissingSlots, pgx.StrictNamedArgs{"now": now}); err != nil {
		return fmt.Errorf("tick of editions: missing slots: %w", err)
	}
	if _, err := s.ExpireStale(ctx); err != nil {
		return fmt.Errorf("tick of editions: %w", err)
	}
	if err := s.cancelStopped(ctx, now); err != nil {
		return fmt.Errorf("tick of editions: %w", err)
	}
	err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sqlWithWork, pgx.StrictNamedArgs{"now": now})
		if err != nil {
			return err
		}
		due, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		for _, id := range due {
			if err := s.ask(ctx, tx, FanOutArgs{NewsletterID: id, Minute: now.Unix() / 60}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("tick of editions: %w", err)
	}
	return nil
}

// cancelStopped cancels deliveries that were on the wire when their edition was
// stopped and came back deferred; those that came back in doubt it leaves to a
// person, since nothing would send them again.
func (s *Service) cancelStopped(ctx context.Context, now time.Time) error {
	rows, err := s.DB.Query(ctx, sqlStopped)
	if err != nil {
		return fmt.Errorf("find stopped editions: %w", err)
	}
	stopped, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("find stopped editions: %w", err)
	}
	for _, id := range stopped {
		err := s.held(ctx, id, func(tx pgx.Tx, _ time.Time) error {
			_, err := s.cancelDeliveries(ctx, tx, id, now)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
