package edition

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Withdraw marks a released article withdrawn and cancels its deliveries that
// are not on the wire, in the caller's transaction. What stood beside it in a
// digest is owed and due at once. It returns how many deliveries were cancelled.
func (s *Service) Withdraw(ctx context.Context, tx pgx.Tx, articleID int64) (int64, error) {
	now := s.Clock.Now()
	if _, err := tx.Exec(ctx, sqlLockFamilyOfArticle, pgx.StrictNamedArgs{"article": articleID}); err != nil {
		return 0, fmt.Errorf("withdraw article %d: %w", articleID, err)
	}
	args := pgx.StrictNamedArgs{"article": articleID, "now": now}
	if _, err := tx.Exec(ctx, sqlWithdraw, args); err != nil {
		return 0, fmt.Errorf("withdraw article %d: %w", articleID, err)
	}
	var gone int64
	if err := tx.QueryRow(ctx, s.sql(sqlWithdrawDeliveries), args).Scan(&gone); err != nil {
		return 0, fmt.Errorf("withdraw article %d: %w", articleID, err)
	}
	return gone, nil
}

// ReleaseAgain takes a withdrawal back, unless the caller's transaction has done
// so: the article keeps its seq and is owed to those who would have got it. It
// returns to how many. Released then makes it go at once.
func (s *Service) ReleaseAgain(ctx context.Context, tx pgx.Tx, articleID int64) (int64, error) {
	args := pgx.StrictNamedArgs{"article": articleID}
	if _, err := tx.Exec(ctx, sqlLockFamilyOfArticle, args); err != nil {
		return 0, fmt.Errorf("release article %d again: %w", articleID, err)
	}
	if _, err := tx.Exec(ctx, sqlReleaseAgain, args); err != nil {
		return 0, fmt.Errorf("release article %d again: %w", articleID, err)
	}
	tag, err := tx.Exec(ctx, sqlOweAgain, pgx.StrictNamedArgs{"article": articleID, "now": s.Clock.Now()})
	if err != nil {
		return 0, fmt.Errorf("release article %d again: owe it: %w", articleID, err)
	}
	return tag.RowsAffected(), nil
}
