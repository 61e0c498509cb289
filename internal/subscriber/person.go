package subscriber

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
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

// Event is one consent event with what identifies the person, while kept.
type Event struct {
	At         time.Time
	Newsletter string // slug
	Name       string // of the newsletter
	Kind       string
	Source     string
	Wording    string
	PageURL    string
	IP         string
	UserAgent  string
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

// ExportPerson returns, as indented JSON, everything stored about an address
// (REQUIREMENTS C16): the person, sign-ups, subscriptions, consent, mails,
// suppression. An address that nothing is stored about gives empty lists.
func (s *Service) ExportPerson(ctx context.Context, a emailaddr.Address) ([]byte, error) {
	var raw json.RawMessage
	err := s.DB.QueryRow(ctx, exportPerson, pgx.StrictNamedArgs{"address": a.String(), "key": a.Key(), "hash": s.hash(a)}).Scan(&raw)
	if err != nil {
		return nil, fmt.Errorf("export person: %w", err)
	}
	out, err := json.MarshalIndent(raw, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("export person: %w", err)
	}
	return append(out, '\n'), nil
}
