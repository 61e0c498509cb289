package edition

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Withdraw marks a released article withdrawn and cancels its deliveries that
// are not on the wire, in the caller's transaction. What stood beside it in a
// digest is owed and due at once. It returns how many deliveries were cancelled.
func (s *Service) Withdraw(ctx context.Context, tx pgx.Tx, articleID int64) (int64, error) {
	now := s.Clock.Now()
	if err := s.LockFamily(ctx, tx, articleID); err != nil {
		return 0, err
	}
	args := pgx.StrictNamedArgs{"article": articleID, "now": now}
	if _, err := tx.Exec(ctx, sqlWithdraw, args); err != nil {
		return 0, fmt.Errorf("withdraw article %d: %w", articleID, err)
	}
	return s.takeBack(ctx, tx, articleID, false, now)
}

// takeBack cancels what is not on the wire of the editions that hold an article.
func (s *Service) takeBack(ctx context.Context, tx pgx.Tx, articleID int64, corrected bool, now time.Time) (int64, error) {
	var gone int64
	args := pgx.StrictNamedArgs{"article": articleID, "corrected": corrected, "now": now}
	if err := tx.QueryRow(ctx, s.sql(sqlTakeBackDeliveries), args).Scan(&gone); err != nil {
		return 0, fmt.Errorf("take back deliveries of article %d: %w", articleID, err)
	}
	return gone, noteUnsent(ctx, tx, pgx.StrictNamedArgs{"edition": int64(0), "article": articleID})
}

// ReleaseAgain takes a withdrawal back, unless the caller's transaction has done
// so: the article keeps its seq and is owed to those who would have got it. It
// returns to how many. Released then makes it go at once.
func (s *Service) ReleaseAgain(ctx context.Context, tx pgx.Tx, articleID int64) (int64, error) {
	args := pgx.StrictNamedArgs{"article": articleID}
	if err := s.LockFamily(ctx, tx, articleID); err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, sqlReleaseAgain, args); err != nil {
		return 0, fmt.Errorf("release article %d again: %w", articleID, err)
	}
	return s.oweAgain(ctx, tx, articleID, "released again")
}

// Unpaired owes an article that is no translation after all to those who went
// without it because they had the other one, in the transaction that took it out
// of the story. It returns to how many. Released then makes it go at once.
func (s *Service) Unpaired(ctx context.Context, tx pgx.Tx, articleID int64) (int64, error) {
	if err := s.LockFamily(ctx, tx, articleID); err != nil {
		return 0, err
	}
	return s.oweAgain(ctx, tx, articleID, "it was taken for a translation")
}

func (s *Service) oweAgain(ctx context.Context, tx pgx.Tx, articleID int64, reason string) (int64, error) {
	tag, err := tx.Exec(ctx, s.sql(sqlOweAgain), pgx.StrictNamedArgs{"article": articleID, "now": s.Clock.Now(), "reason": reason})
	if err != nil {
		return 0, fmt.Errorf("owe article %d again: %w", articleID, err)
	}
	return tag.RowsAffected(), nil
}

// LockFamily keeps fan-outs of an article's family, and other acts on what it
// mails, away until the caller's transaction ends.
func (s *Service) LockFamily(ctx context.Context, tx pgx.Tx, articleID int64) error {
	if _, err := tx.Exec(ctx, sqlLockFamilyOfArticle, pgx.StrictNamedArgs{"article": articleID}); err != nil {
		return fmt.Errorf("lock the family of article %d: %w", articleID, err)
	}
	return nil
}
