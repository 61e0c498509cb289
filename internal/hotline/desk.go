package hotline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// Filter says which requests.
type Filter struct {
	State  State  // empty: all
	Kind   Kind   // empty: all
	Query  string // part of any field, or a reference; empty: all
	Before int64  // id to go on from; 0: from the newest
	Limit  int
}

// Note is what somebody of the desk did about a request.
type Note struct {
	AccountID int64     `db:"account_id"`
	At        time.Time `db:"at"`
	State     State     `db:"state"` // that it was put into; empty: only words
	Text      string    `db:"text"`
}

// List returns requests, the newest first, and the id to go on before; 0 if
// there are no more.
func (s *Service) List(ctx context.Context, f Filter) ([]Request, int64, error) {
	q := strings.ToLower(strings.TrimSpace(f.Query))
	digits := ""
	if strings.Trim(q, "+0123456789 ().-/") == "" {
		digits = onlyDigits(q)
	}
	rows, err := s.DB.Query(ctx, sqlList, pgx.StrictNamedArgs{
		"state": f.State, "kind": f.Kind, "query": q, "digits": digits, "before": f.Before, "limit": f.Limit + 1,
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list hotline requests: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Request])
	if err != nil {
		return nil, 0, fmt.Errorf("list hotline requests: %w", err)
	}
	if len(list) <= f.Limit {
		return list, 0, nil
	}
	list = list[:f.Limit]
	return list, list[f.Limit-1].ID, nil
}

// Counts is how many requests there are in each state.
func (s *Service) Counts(ctx context.Context) (map[State]int64, error) {
	rows, err := s.DB.Query(ctx, sqlCounts)
	if err != nil {
		return nil, fmt.Errorf("count hotline requests: %w", err)
	}
	counts := map[State]int64{}
	var state State
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&state, &n}, func() error {
		counts[state] = n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count hotline requests: %w", err)
	}
	return counts, nil
}

// CountNew is how many wait for somebody to begin.
func (s *Service) CountNew(ctx context.Context) (n int64, err error) {
	if err := s.DB.QueryRow(ctx, sqlCountNew).Scan(&n); err != nil {
		return 0, fmt.Errorf("count new hotline requests: %w", err)
	}
	return n, nil
}

// Get returns a request and its notes, the first one first. Returns ErrNotFound.
func (s *Service) Get(ctx context.Context, id int64) (Request, []Note, error) {
	rows, err := s.DB.Query(ctx, sqlGet, pgx.StrictNamedArgs{"id": id})
	if err != nil {
		return Request{}, nil, fmt.Errorf("read hotline request %d: %w", id, err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Request])
	if errors.Is(err, pgx.ErrNoRows) {
		return Request{}, nil, ErrNotFound
	}
	if err != nil {
		return Request{}, nil, fmt.Errorf("read hotline request %d: %w", id, err)
	}
	if rows, err = s.DB.Query(ctx, sqlNotes, pgx.StrictNamedArgs{"id": id}); err != nil {
		return Request{}, nil, fmt.Errorf("read notes of hotline request %d: %w", id, err)
	}
	notes, err := pgx.CollectRows(rows, pgx.RowToStructByName[Note])
	if err != nil {
		return Request{}, nil, fmt.Errorf("read notes of hotline request %d: %w", id, err)
	}
	return r, notes, nil
}

// Act is a step of the desk.
type Act struct {
	RequestID int64
	AccountID int64 // who does it
	From, To  State // the state that was seen, and the one that is wanted; the same: only a note
	Note      string
}

// Do takes a step. Returns ErrNotFound, ErrState if the state is no longer
// From, FieldErrors (note) if there is nothing to do or too much to keep.
func (s *Service) Do(ctx context.Context, db postgres.DB, a Act) error {
	a.Note = paragraphs(a.Note)
	switch {
	case a.Note == "" && a.From == a.To:
		return FieldErrors{"note": keyNoteEmpty}
	case utf8.RuneCountInString(a.Note) > MaxText:
		return FieldErrors{"note": keyNoteLong}
	}
	var state *State
	if a.From != a.To {
		state = &a.To
	}
	tag, err := db.Exec(ctx, sqlAct, pgx.StrictNamedArgs{
		"id": a.RequestID, "from": a.From, "to": a.To, "state": state, "account": a.AccountID, "note": a.Note, "now": s.Clock.Now(),
	})
	if err != nil {
		return fmt.Errorf("act on hotline request %d: %w", a.RequestID, err)
	}
	if tag.RowsAffected() == 1 {
		return nil
	}
	if _, _, err := s.Get(ctx, a.RequestID); err != nil {
		return err
	}
	return ErrState
}

// Seen is a request in the state that somebody saw it in.
type Seen struct {
	ID    int64
	State State
}

// Close closes requests that are still in the state they were seen in, each with
// a note of who did it, and returns their ids; what a colleague has changed since,
// and what is closed, is left alone.
func (s *Service) Close(ctx context.Context, db postgres.DB, accountID int64, seen []Seen) ([]int64, error) {
	ids, states := make([]int64, len(seen)), make([]string, len(seen))
	for i, r := range seen {
		ids[i], states[i] = r.ID, string(r.State)
	}
	rows, err := db.Query(ctx, sqlClose, pgx.StrictNamedArgs{"ids": ids, "states": states, "account": accountID, "now": s.Clock.Now()})
	if err != nil {
		return nil, fmt.Errorf("close hotline requests: %w", err)
	}
	closed, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("close hotline requests: %w", err)
	}
	return closed, nil
}

// Erase deletes a request with its notes before its time. Returns ErrNotFound.
func (s *Service) Erase(ctx context.Context, db postgres.DB, id int64) error {
	tag, err := db.Exec(ctx, sqlErase, pgx.StrictNamedArgs{"id": id})
	if err != nil {
		return fmt.Errorf("erase hotline request %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return ErrNotFound
	}
	return nil
}
