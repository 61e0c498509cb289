package subscriber

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// Person is everything about one subscriber for the admin.
type Person struct {
	ID            int64
	Address       string
	Locale        string
	CreatedAt     time.Time
	Suppressed    string // reason, empty if not
	Subscriptions []Row
	Events        []Event // newest first
}

// Get returns a person by id, ErrNoReader if there is none.
func (s *Service) Get(ctx context.Context, db postgres.DB, id int64) (Person, error) {
	p := Person{ID: id}
	var hash []byte
	err := db.QueryRow(ctx, getPerson, pgx.StrictNamedArgs{"id": id}).Scan(&p.Address, &p.Locale, &p.CreatedAt, &hash, &p.Suppressed)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoReader
	}
	if err != nil {
		return p, fmt.Errorf("subscriber %d: %w", id, err)
	}
	rows, err := db.Query(ctx, personSubscriptions, pgx.StrictNamedArgs{"id": id, "now": s.Clock.Now()})
	if err == nil {
		p.Subscriptions, err = pgx.CollectRows(rows, pgx.RowToStructByName[Row])
	}
	if err != nil {
		return p, fmt.Errorf("subscriber %d: %w", id, err)
	}
	if p.Events, err = eventsOf(ctx, db, hash); err != nil {
		return p, fmt.Errorf("subscriber %d: %w", id, err)
	}
	return p, nil
}
