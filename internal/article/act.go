package article

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/locale"
	"vistka/internal/postgres"
)

// Hold keeps a waiting article back until a person decides. accountID 0 is the
// command line. Returns ErrNotFound or ErrState.
func (s *Service) Hold(ctx context.Context, articleID, accountID int64, reason string) error {
	return s.move(ctx, articleID, accountID, Held, saying(reason, "held_by_hand"), Waiting)
}

// saying is the reason of a person's act: that person's words as they are, or article.reason.KEY.
func saying(words, key string) locale.Message {
	if words != "" {
		return locale.Message{Key: "reason.words", Name: words}
	}
	return locale.Message{Key: "article.reason." + key}
}

// Never decides that an article is not mailed.
func (s *Service) Never(ctx context.Context, articleID, accountID int64, reason string) error {
	return s.move(ctx, articleID, accountID, Never, saying(reason, "never_by_hand"), Baseline, Waiting, Held, Dropped)
}

// Withdraw takes a released article back: OnWithdraw cancels what is queued.
func (s *Service) Withdraw(ctx context.Context, articleID, accountID int64, reason string) error {
	return s.move(ctx, articleID, accountID, Withdrawn, saying(reason, "withdrawn_by_hand"), Released)
}

func (s *Service) move(ctx context.Context, articleID, accountID int64, to State, reason locale.Message, from ...State) error {
	err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		a, err := one[locked](ctx, tx, sqlLock, pgx.StrictNamedArgs{"id": articleID})
		if err != nil {
			return err
		}
		if !slices.Contains(from, a.State) {
			return fmt.Errorf("%w: it is %s", ErrState, a.State)
		}
		if err := s.set(ctx, tx, a, to, reason, accountID); err != nil {
			return err
		}
		if to == Withdrawn {
			return call(ctx, s.OnWithdraw, tx, a.NewsletterID, a.ID, a.Seq)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("article %d to %s: %w", articleID, to, err)
	}
	return nil
}

// SetLead puts an article first in the digests that hold it and are not
// composed yet, or takes that back. Returns ErrNotFound.
func (s *Service) SetLead(ctx context.Context, articleID, accountID int64, lead bool) error {
	words := locale.Message{Key: "article.note.lead"}
	if !lead {
		words.Key = "article.note.no_lead"
	}
	err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sqlLead, pgx.StrictNamedArgs{"id": articleID, "lead": lead})
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		return remark(ctx, tx, articleID, s.Clock.Now(), words, accountID)
	})
	if err != nil {
		return fmt.Errorf("lead article %d: %w", articleID, err)
	}
	return nil
}

// ErrNoted says that the same person did the same a moment ago: one press, twice.
var ErrNoted = errors.New("article: noted a moment ago")

// sameWithin is how soon a second press of the same button is the first one.
const sameWithin = time.Minute

// Note puts what was done with an article, and does not change its state, into
// its history.
func (s *Service) Note(ctx context.Context, articleID, accountID int64, words locale.Message) error {
	err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		return remark(ctx, tx, articleID, s.Clock.Now(), words, accountID)
	})
	if err != nil {
		return fmt.Errorf("note on article %d: %w", articleID, err)
	}
	return nil
}

// NoteOnce is Note of an act that did nothing. Returns ErrNoted where the same
// stands there since a moment ago.
func (s *Service) NoteOnce(ctx context.Context, articleID, accountID int64, words locale.Message) error {
	now := s.Clock.Now()
	err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		var again bool
		if err := tx.QueryRow(ctx, sqlSaidBefore, pgx.StrictNamedArgs{
			"id": articleID, "since": now.Add(-sameWithin), "reason": words, "account_id": accountID,
		}).Scan(&again); err != nil || again {
			return cmp.Or(err, ErrNoted)
		}
		return remark(ctx, tx, articleID, now, words, accountID)
	})
	if err != nil {
		return fmt.Errorf("note on article %d: %w", articleID, err)
	}
	return nil
}

func (s *Service) set(ctx context.Context, tx pgx.Tx, a locked, to State, reason locale.Message, accountID int64) error {
	now := s.Clock.Now()
	if _, err := tx.Exec(ctx, sqlSetState, pgx.StrictNamedArgs{"id": a.ID, "state": string(to), "reason": reason, "now": now}); err != nil {
		return err
	}
	return event(ctx, tx, a.ID, now, to, reason, accountID)
}

// Within is the service in a transaction of the caller's: what it changes is
// committed with it. What asks a site has no place there.
func (s *Service) Within(tx pgx.Tx) *Service {
	in := *s
	in.DB = tx
	return &in
}

// CheckRelease asks the page of an article that is about to be released.
// Returns ErrNotLive if it does not answer, ErrNotFound, or ErrState for one
// that is released.
func (s *Service) CheckRelease(ctx context.Context, articleID int64) error {
	a, err := one[Article](ctx, s.DB, sqlGet, pgx.StrictNamedArgs{"id": articleID})
	if err != nil {
		return fmt.Errorf("release article %d: %w", articleID, err)
	}
	if a.State == Released {
		return fmt.Errorf("release article %d: %w: it is released", articleID, ErrState)
	}
	page := s.Fetcher.CheckPage(ctx, a.URL)
	if !page.Live {
		return fmt.Errorf("release article %d: %w: %s", articleID, ErrNotLive, page.Words.Key)
	}
	return noteAlternates(ctx, s.DB, articleID, page.Alternates)
}

// Release mails an article now, whatever was decided before. The caller has
// asked CheckRelease. A withdrawn article keeps its seq and is restored.
// Returns ErrNotFound or ErrState.
func (s *Service) Release(ctx context.Context, articleID, accountID int64, reason string) error {
	why := saying(reason, "released_by_hand")
	err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if err := lockRecording(ctx, tx, articleID); err != nil {
			return err
		}
		a, err := one[locked](ctx, tx, sqlLock, pgx.StrictNamedArgs{"id": articleID})
		if err != nil {
			return err
		}
		switch {
		case a.State == Released, a.State == Withdrawn && s.OnRestore == nil:
			return fmt.Errorf("%w: it is %s", ErrState, a.State)
		case a.State == Withdrawn:
			if err := s.set(ctx, tx, a, Released, why, accountID); err != nil {
				return err
			}
			return call(ctx, s.OnRestore, tx, a.NewsletterID, a.ID, a.Seq)
		}
		return s.release(ctx, tx, a, accountID, why)
	})
	if err != nil {
		return fmt.Errorf("release article %d: %w", articleID, err)
	}
	return nil
}

// ReleaseHeld releases every held article of a newsletter, oldest first. Those
// whose page does not answer stay held. Returns how many were released.
func (s *Service) ReleaseHeld(ctx context.Context, newsletterID, accountID int64, reason string) (int, error) {
	rows, err := s.DB.Query(ctx, sqlHeld, pgx.StrictNamedArgs{"newsletter_id": newsletterID})
	if err != nil {
		return 0, fmt.Errorf("release held of newsletter %d: %w", newsletterID, err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return 0, fmt.Errorf("release held of newsletter %d: %w", newsletterID, err)
	}
	n := 0
	for _, id := range ids {
		err := s.CheckRelease(ctx, id)
		if err == nil {
			err = s.Release(ctx, id, accountID, reason)
		}
		switch {
		case err == nil:
			n++
		case isAny(err, ErrNotLive, ErrState, ErrNotFound): // stays, or somebody else decided
		default:
			return n, err
		}
	}
	return n, nil
}

// BaselineHeld counts every held article of a newsletter as known, not news.
func (s *Service) BaselineHeld(ctx context.Context, newsletterID, accountID int64, reason string) (int, error) {
	tag, err := s.DB.Exec(ctx, sqlBaselineHeld, pgx.StrictNamedArgs{
		"newsletter_id": newsletterID, "account_id": accountID,
		"now": s.Clock.Now(), "reason": saying(reason, "known_by_hand"),
	})
	if err != nil {
		return 0, fmt.Errorf("baseline held of newsletter %d: %w", newsletterID, err)
	}
	return int(tag.RowsAffected()), nil
}

// NewestKnown returns the newest article of a feed if it counts as known: the
// one to offer when the feed is added. Returns ErrNotFound if there is none, or
// it was decided about already, so that the offer holds once.
func NewestKnown(ctx context.Context, db postgres.DB, newsletterID, feedID int64) (Row, error) {
	a, err := one[Row](ctx, db, sqlNewestOfFeed, pgx.StrictNamedArgs{"newsletter_id": newsletterID, "feed_id": feedID})
	if err == nil && a.State != Baseline {
		err = ErrNotFound
	}
	if err != nil {
		return Row{}, fmt.Errorf("newest of feed %d for newsletter %d: %w", feedID, newsletterID, err)
	}
	return a, nil
}

// DropIfGone asks the page of a released article and withdraws it on 404 or
// 410: a digest asks before it is composed. Returns whether it was withdrawn.
func (s *Service) DropIfGone(ctx context.Context, articleID int64) (bool, error) {
	a, err := one[Article](ctx, s.DB, sqlGet, pgx.StrictNamedArgs{"id": articleID})
	if err != nil {
		return false, fmt.Errorf("check article %d: %w", articleID, err)
	}
	if a.State != Released {
		return false, nil
	}
	page := s.Fetcher.CheckPage(ctx, a.URL)
	if !page.Gone {
		return false, nil
	}
	err = s.move(ctx, articleID, 0, Withdrawn, locale.Message{Key: "article.reason.page_gone", Cause: &page.Words}, Released)
	return err == nil, err
}
