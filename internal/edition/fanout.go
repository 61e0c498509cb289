package edition

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"vistka/internal/postgres"
)

// maxTries is how often a fan-out that met a deadlock, or an act that took its
// plan away, starts again before the job is left to River's retry.
const maxTries = 5

// FanOut makes every delivery of a newsletter that is due now: released
// articles to instant readers in the order of seq, then those who were behind
// for other reasons, then each due slot. After any crash or error it is simply
// called again.
func (s *Service) FanOut(ctx context.Context, newsletterID int64) (Result, error) {
	var total Result
	for try := 1; ; try++ {
		r, err := s.fanOut(ctx, newsletterID)
		total.add(r)
		if err == nil || try == maxTries || !again(err) {
			return total, err
		}
	}
}

func again(err error) bool {
	var pg *pgconn.PgError
	return errors.Is(err, errReplan) || errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001")
}

func (s *Service) fanOut(ctx context.Context, newsletterID int64) (Result, error) {
	var total Result
	n, err := s.letter(ctx, newsletterID, s.Clock.Now())
	if err != nil || n.Archived {
		return total, err
	}
	for fresh := true; fresh; {
		for head := n.Fanned + 1; head <= n.LastSeq; head++ {
			if err := s.instant(ctx, n, head, &total); err != nil {
				return total, err
			}
			args := pgx.StrictNamedArgs{"newsletter": n.ID, "head": head}
			if _, err := s.DB.Exec(ctx, sqlFanned, args); err != nil {
				return total, fmt.Errorf("note fan-out of newsletter %d to seq %d: %w", n.ID, head, err)
			}
		}
		if n.LastSeq > 0 {
			if err := s.instant(ctx, n, n.LastSeq, &total); err != nil {
				return total, err
			}
		}
		done := n.LastSeq
		if n, err = s.letter(ctx, newsletterID, s.Clock.Now()); err != nil {
			return total, err
		}
		fresh = n.LastSeq > done
	}
	return total, s.slots(ctx, n, &total)
}

func (s *Service) instant(ctx context.Context, n letter, head int64, total *Result) error {
	r := &run{s: s, n: n, head: head, now: s.Clock.Now()}
	if err := s.DB.QueryRow(ctx, sqlReleasedAt, r.args(nil)).Scan(&r.slot); err != nil {
		return fmt.Errorf("fan out newsletter %d: find seq %d: %w", n.ID, head, err)
	}
	err := r.complete(ctx)
	total.add(r.result)
	return err
}

// slots runs the due slots, oldest first, those merged into the next excepted.
func (s *Service) slots(ctx context.Context, n letter, total *Result) error {
	skipped, err := s.skipLate(ctx, n)
	total.Skipped += skipped
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	rows, err := s.DB.Query(ctx, s.sql(sqlSlots), pgx.StrictNamedArgs{"newsletter": n.ID, "now": now})
	if err != nil {
		return fmt.Errorf("slots of newsletter %d: %w", n.ID, err)
	}
	due, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return fmt.Errorf("slots of newsletter %d: %w", n.ID, err)
	}
	for _, slot := range due {
		r := &run{s: s, n: n, timed: true, slot: slot, now: now}
		if err := r.findHead(ctx); err != nil {
			return err
		}
		if err := r.dropGone(ctx); err != nil {
			return err
		}
		err := r.complete(ctx)
		total.add(r.result)
		if err != nil {
			return err
		}
	}
	return nil
}

// dropGone asks the pages of what a digest is about to list: some of it was
// released days ago. A site that does not answer drops nothing.
func (r *run) dropGone(ctx context.Context) error {
	if r.s.DropIfGone == nil {
		return nil
	}
	rows, err := r.s.DB.Query(ctx, r.s.sql(sqlToBeListed), r.args(pgx.NamedArgs{"limit": maxListed}))
	if err != nil {
		return fmt.Errorf("articles of slot %s: %w", r.slot.Format(time.RFC3339), err)
	}
	articles, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("articles of slot %s: %w", r.slot.Format(time.RFC3339), err)
	}
	pages, ctx := errgroup.WithContext(ctx)
	pages.SetLimit(pagesAtOnce)
	for _, id := range articles {
		pages.Go(func() error {
			gone, err := r.s.DropIfGone(ctx, id)
			if gone {
				r.s.Log.WarnContext(ctx, "article taken out of digests: its page is gone", "newsletter", r.n.ID, "article", id)
			}
			return err
		})
	}
	return pages.Wait()
}

// pagesAtOnce is how many pages of a site are asked at the same time.
const pagesAtOnce = 2

// findHead sets the last seq released by the slot.
func (r *run) findHead(ctx context.Context) error {
	err := postgres.InTx(ctx, r.s.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlLockNewsletter, pgx.StrictNamedArgs{"newsletter": r.n.ID}); err != nil {
			return err
		}
		return tx.QueryRow(ctx, sqlSlotHead, r.args(nil)).Scan(&r.head)
	})
	if err != nil {
		return fmt.Errorf("fan out newsletter %d: head of slot %s: %w", r.n.ID, r.slot.Format(time.RFC3339), err)
	}
	return nil
}

// skipLate moves readers whose slot is too long past to their next one. Their
// marks stay, so the next digest holds what this one would have.
func (s *Service) skipLate(ctx context.Context, n letter) (int64, error) {
	var total int64
	for {
		tag, err := s.DB.Exec(ctx, sqlSkipLate, pgx.StrictNamedArgs{"newsletter": n.ID, "floor": n.Floor, "page": s.page()})
		if err != nil {
			return total, fmt.Errorf("skip late slots of newsletter %d: %w", n.ID, err)
		}
		total += tag.RowsAffected()
		if tag.RowsAffected() < int64(s.page()) {
			break
		}
	}
	if total > 0 {
		s.Log.WarnContext(ctx, "late slots merged into the next", "newsletter", n.ID, "readers", total)
	}
	return total, nil
}
