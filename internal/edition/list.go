package edition

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// Filter narrows a list of editions. The zero value is the newest of all.
type Filter struct {
	NewsletterID int64  // 0: every newsletter
	State        string // "": any
	Before       int64  // an edition's id, exclusive; 0: from the newest
	Limit        int    // 0: 50
}

// List returns editions, newest first, and the Before of the next page, 0 when
// there is none.
func (s *Service) List(ctx context.Context, f Filter) ([]Edition, int64, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	rows, err := s.DB.Query(ctx, sqlList, pgx.StrictNamedArgs{"newsletter": f.NewsletterID, "state": f.State, "before": f.Before, "limit": limit + 1})
	if err != nil {
		return nil, 0, fmt.Errorf("list editions: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Edition])
	if err != nil {
		return nil, 0, fmt.Errorf("list editions: %w", err)
	}
	if len(out) > limit {
		return out[:limit], out[limit-1].ID, nil
	}
	return out, 0, nil
}

// Get returns one edition. Returns ErrNotFound.
func (s *Service) Get(ctx context.Context, editionID int64) (Edition, error) {
	return get(ctx, s.DB, editionID)
}

func get(ctx context.Context, db postgres.DB, editionID int64) (Edition, error) {
	rows, err := db.Query(ctx, sqlGet, pgx.StrictNamedArgs{"edition": editionID})
	if err != nil {
		return Edition{}, fmt.Errorf("edition %d: %w", editionID, err)
	}
	e, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Edition])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Edition{}, fmt.Errorf("edition %d: %w", editionID, err)
	}
	return e, nil
}

// Counts returns the number of deliveries per edition and state; states without
// any are missing.
func (s *Service) Counts(ctx context.Context, editionIDs []int64) (map[int64]map[string]int64, error) {
	rows, err := s.DB.Query(ctx, sqlCounts, pgx.StrictNamedArgs{"editions": editionIDs})
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	out := map[int64]map[string]int64{}
	var id, n int64
	var state string
	_, err = pgx.ForEachRow(rows, []any{&id, &state, &n}, func() error {
		if out[id] == nil {
			out[id] = map[string]int64{}
		}
		out[id][state] = n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	return out, nil
}
