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

// Headline names an edition by what it carries.
type Headline struct {
	ID    int64
	Title string // of the article that stands first in the mail
	More  int    // how many others there are
}

// Headlines returns the headline of each edition; one whose articles are all
// gone from the database is missing.
func (s *Service) Headlines(ctx context.Context, editionIDs []int64) (map[int64]Headline, error) {
	rows, err := s.DB.Query(ctx, sqlHeadlines, pgx.StrictNamedArgs{"editions": editionIDs})
	if err != nil {
		return nil, fmt.Errorf("headlines of editions: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Headline])
	if err != nil {
		return nil, fmt.Errorf("headlines of editions: %w", err)
	}
	out := make(map[int64]Headline, len(list))
	for _, h := range list {
		out[h.ID] = h
	}
	return out, nil
}

// Counts is the number of deliveries in each state; states without any may be
// missing.
type Counts map[string]int64

// Total is every delivery of the edition.
func (c Counts) Total() int64 {
	var n int64
	for _, in := range c {
		n += in
	}
	return n
}

// Settled is those of which nothing more is to come; what is in doubt is not.
func (c Counts) Settled() int64 { return c["sent"] + c["failed"] + c["skipped"] + c["cancelled"] }

// Waiting is what may still go out.
func (c Counts) Waiting() int64 { return c.Total() - c.Settled() }

// Percent is how far the edition is, 0 to 100; 100 only when nothing is left.
func (c Counts) Percent() int {
	if c.Total() == 0 {
		return 0
	}
	return int(c.Settled() * 100 / c.Total())
}

// Counts returns the counts of each edition; one without deliveries is missing.
func (s *Service) Counts(ctx context.Context, editionIDs []int64) (map[int64]Counts, error) {
	rows, err := s.DB.Query(ctx, sqlCounts, pgx.StrictNamedArgs{"editions": editionIDs})
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	out := map[int64]Counts{}
	var id, n int64
	var state string
	_, err = pgx.ForEachRow(rows, []any{&id, &state, &n}, func() error {
		if out[id] == nil {
			out[id] = Counts{}
		}
		out[id][state] = n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	return out, nil
}
