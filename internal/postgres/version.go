package postgres

import (
	"context"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"vistka/migrations"
)

// Schema says how far the database has been migrated and how far this binary
// would take it: our own steps and those of the job queue.
type Schema struct {
	Have, Want           int64
	RiverHave, RiverWant int64

	steps []int64
}

// Newer tells that the database is ahead of this binary.
func (s Schema) Newer() bool { return s.Have > s.Want || s.RiverHave > s.RiverWant }

// Pending is the number of steps Migrate would take.
func (s Schema) Pending() int {
	n := int(max(0, s.RiverWant-s.RiverHave))
	for _, v := range s.steps {
		if v > s.Have {
			n++
		}
	}
	return n
}

func (s Schema) have() string { return fmt.Sprintf("%d (jobs %d)", s.Have, s.RiverHave) }
func (s Schema) want() string { return fmt.Sprintf("%d (jobs %d)", s.Want, s.RiverWant) }

// Version asks the database. A database that was never migrated is at 0.
func Version(ctx context.Context, db DB) (Schema, error) {
	s, err := target()
	if err != nil {
		return Schema{}, err
	}
	var ours, rivers bool
	if err := db.QueryRow(ctx, sqlVersionTables).Scan(&ours, &rivers); err != nil {
		return Schema{}, fmt.Errorf("read schema version: %w", err)
	}
	if ours {
		if err := db.QueryRow(ctx, sqlVersion).Scan(&s.Have); err != nil {
			return Schema{}, fmt.Errorf("read schema version: %w", err)
		}
	}
	if rivers {
		if err := db.QueryRow(ctx, sqlRiverVersion).Scan(&s.RiverHave); err != nil {
			return Schema{}, fmt.Errorf("read schema version of the job queue: %w", err)
		}
	}
	return s, nil
}

// Pending is the number of steps Migrate would take: 0 means ready to serve.
// Returns ErrNewer if the database is ahead of this binary.
func Pending(ctx context.Context, db DB) (int, error) {
	s, err := Version(ctx, db)
	if err != nil {
		return 0, err
	}
	if s.Newer() {
		return 0, ErrNewer
	}
	return s.Pending(), nil
}

func target() (Schema, error) {
	var s Schema
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		return Schema{}, fmt.Errorf("read migrations: %w", err)
	}
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		v, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return Schema{}, fmt.Errorf("read migration %s: %w", name, err)
		}
		s.steps = append(s.steps, v)
		s.Want = max(s.Want, v)
	}
	m, err := rivermigrate.New(riverpgxv5.New(nil), &rivermigrate.Config{Schema: RiverSchema})
	if err != nil {
		return Schema{}, fmt.Errorf("read migrations of the job queue: %w", err)
	}
	for _, v := range m.AllVersions() {
		s.RiverWant = max(s.RiverWant, int64(v.Version))
	}
	return s, nil
}
