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
// (rule C16; GDPR article 15): the person, sign-ups, subscriptions, what
// is still owed, consent, mails and refusals, changes of address, suppression, the
// account in the admin pages. An address that nothing is stored about gives empty
// lists.
func (s *Service) ExportPerson(ctx context.Context, a emailaddr.Address) ([]byte, error) {
	var raw json.RawMessage
	err := s.DB.QueryRow(ctx, exportPerson, pgx.StrictNamedArgs{
		"address": a.String(), "key": a.Key(), "hash": s.hash(a), "limit": s.limitHash(a),
	}).Scan(&raw)
	if err != nil {
		return nil, fmt.Errorf("export person: %w", err)
	}
	out, err := json.MarshalIndent(raw, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("export person: %w", err)
	}
	return append(out, '\n'), nil
}
