package article

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"vistka/internal/feed"
	"vistka/internal/locale"
	"vistka/internal/postgres"
)

// due is a waiting article whose time has come, claimed by this process.
type due struct {
	ID           int64      `db:"id"`
	NewsletterID int64      `db:"newsletter_id"`
	URL          string     `db:"url"`
	DueAt        time.Time  `db:"due_at"`
	FirstSeenAt  time.Time  `db:"first_seen_at"`
	PublishedAt  *time.Time `db:"published_at"`
	page         feed.PageStatus
}

// ReleaseDue asks the page of each waiting article whose time has come and
// releases those that answer, in order; the others wait on, or are dropped after
// three days. Returns how many were released.
func (s *Service) ReleaseDue(ctx context.Context) (int, error) {
	total := 0
	for {
		claimed, released, err := s.releaseBatch(ctx, 0)
		total += released
		if err != nil || claimed < claimBatch {
			return total, err
		}
	}
}

// releaseBatch claims, checks all pages side by side, then releases one by one.
// A claim that is not settled (a crash) lapses after checkLease.
func (s *Service) releaseBatch(ctx context.Context, only int64) (claimed, released int, err error) {
	now := s.Clock.Now()
	list, err := many[due](ctx, s.DB, sqlClaimDue, pgx.StrictNamedArgs{"now": now, "lease": now.Add(-checkLease), "limit": claimBatch, "only": only})
	if err != nil {
		return 0, 0, fmt.Errorf("claim due articles: %w", err)
	}
	slices.SortFunc(list, func(a, b due) int { return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.ID, b.ID)) })
	var g errgroup.Group
	g.SetLimit(8)
	for i := range list {
		g.Go(func() error {
			list[i].page = s.Fetcher.CheckPage(ctx, list[i].URL)
			return nil
		})
	}
	_ = g.Wait()
	if err := ctx.Err(); err != nil {
		return len(list), 0, err
	}
	var errs []error
	for _, a := range list {
		ok, err := s.settle(ctx, a)
		if err != nil { // one newsletter's trouble does not stop the others
			errs = append(errs, fmt.Errorf("article %d: %w", a.ID, err))
		}
		if ok {
			released++
		}
	}
	return len(list), released, errors.Join(errs...)
}

func (s *Service) settle(ctx context.Context, a due) (bool, error) {
	if !a.page.Live {
		return false, s.postpone(ctx, a)
	}
	released := false
	err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		released = false
		if err := lockRecording(ctx, tx, a.ID); err != nil {
			return err
		}
		cur, err := one[locked](ctx, tx, sqlLock, pgx.StrictNamedArgs{"id": a.ID})
		if err != nil {
			return err
		}
		if cur.State != Waiting || cur.DueAt == nil || !cur.DueAt.Equal(a.DueAt) {
			return nil // an editor or another process was first
		}
		released = true
		if err := noteAlternates(ctx, tx, a.ID, a.page.Alternates); err != nil {
			return err
		}
		return s.release(ctx, tx, cur, 0, locale.Message{Key: "article.reason.released"})
	})
	return released && err == nil, err
}

// locked is an article whose row the transaction holds.
type locked struct {
	ID           int64      `db:"id"`
	NewsletterID int64      `db:"newsletter_id"`
	URL          string     `db:"url"`
	State        State      `db:"state"`
	Seq          int64      `db:"seq"`
	DueAt        *time.Time `db:"due_at"`
}

// release gives the next seq, after a last look for a translation. The caller
// holds the family's recording, then the article's row; the newsletter's row is locked last and for the rest of the transaction, which
// makes seq gapless and in the order of commits.
func (s *Service) release(ctx context.Context, tx pgx.Tx, a locked, accountID int64, reason locale.Message) error {
	if a.Seq != 0 {
		return fmt.Errorf("%w: it has a seq already", ErrState)
	}
	if err := s.pairNew(ctx, tx, a.ID); err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, sqlNextSeq, pgx.StrictNamedArgs{"newsletter_id": a.NewsletterID}).Scan(&a.Seq); err != nil {
		return fmt.Errorf("next seq: %w", err)
	}
	now := s.Clock.Now()
	tag, err := tx.Exec(ctx, sqlRelease, pgx.StrictNamedArgs{"id": a.ID, "newsletter_id": a.NewsletterID, "seq": a.Seq, "now": now, "reason": reason})
	if err != nil {
		return err
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("%w: it has a seq already", ErrState)
	}
	if err := event(ctx, tx, a.ID, now, Released, reason, accountID); err != nil {
		return err
	}
	return call(ctx, s.OnRelease, tx, a.NewsletterID, a.ID, a.Seq)
}

func event(ctx context.Context, tx pgx.Tx, id int64, now time.Time, state State, reason locale.Message, accountID int64) error {
	_, err := tx.Exec(ctx, sqlEvent, pgx.StrictNamedArgs{"id": id, "now": now, "state": string(state), "reason": reason, "account_id": accountID})
	return err
}

// postpone lets an article wait for its page, less and less impatiently: the
// wait grows with its age, from a minute to an hour.
func (s *Service) postpone(ctx context.Context, a due) error {
	now := s.Clock.Now()
	since := a.FirstSeenAt
	if a.PublishedAt != nil && a.PublishedAt.After(since) {
		since = *a.PublishedAt
	}
	age := now.Sub(since)
	args := pgx.StrictNamedArgs{
		"id": a.ID, "now": now, "due_at": a.DueAt, "state": string(Waiting), "next": (*time.Time)(nil),
		"reason": locale.Message{Key: "article.reason.no_page", Cause: &a.page.Words},
	}
	if age >= liveFor {
		args["state"], args["reason"] = string(Dropped), locale.Message{Key: "article.reason.dropped", Cause: &a.page.Words}
	} else {
		next := now.Add(min(max(age/4, time.Minute), time.Hour))
		args["next"] = &next
	}
	if _, err := s.DB.Exec(ctx, sqlPostpone, args); err != nil {
		return fmt.Errorf("postpone: %w", err)
	}
	return nil
}
