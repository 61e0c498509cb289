package edition

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// run is one (newsletter, slot, head): an instant one for a seq, a timed one
// for a slot. Nothing of it is stored: it is repeated until nobody is left.
type run struct {
	s *Service
	n letter

	timed bool
	slot  time.Time
	head  int64
	now   time.Time
	month time.Time // of the editions it makes

	result Result
}

// letter is what planning needs to know of a newsletter.
type letter struct {
	ID       int64
	FamilyID int64
	Language string
	LastSeq  int64
	Fanned   int64
	Floor    time.Time // slots before it are late
	Wait     int64     // microseconds
	Archived bool
	Siblings []int64
}

// Result counts what a fan-out did.
type Result struct {
	Readers    int64 // whose marks or slots moved
	Deliveries int64 // made or queued again
	Skipped    int64 // readers whose slot was too late and merged into the next
}

func (r *Result) add(o Result) {
	r.Readers += o.Readers
	r.Deliveries += o.Deliveries
	r.Skipped += o.Skipped
}

func (s *Service) letter(ctx context.Context, newsletterID int64, now time.Time) (letter, error) {
	rows, err := s.DB.Query(ctx, sqlNewsletter, pgx.StrictNamedArgs{"newsletter": newsletterID, "now": now})
	if err != nil {
		return letter{}, fmt.Errorf("plan newsletter %d: %w", newsletterID, err)
	}
	n, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[letter])
	if err != nil {
		return letter{}, fmt.Errorf("plan newsletter %d: %w", newsletterID, err)
	}
	return n, nil
}

// args are the run's parameters and those given. Which of them a statement
// uses differs between instant and timed, so they are not strict.
func (r *run) args(more pgx.NamedArgs) pgx.NamedArgs {
	out := pgx.NamedArgs{
		"newsletter": r.n.ID, "siblings": r.n.Siblings, "now": r.now, "head": r.head,
		"slot": r.slot, "floor": r.n.Floor, "timed": r.timed, "month": r.month,
	}
	maps.Copy(out, more)
	return out
}

// pick returns the instant or the timed form of a statement.
func (r *run) pick(instant, timed string) string {
	if r.timed {
		return r.s.sql(timed)
	}
	return r.s.sql(instant)
}

func (r *run) lockFamily(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, sqlLockFamily, pgx.StrictNamedArgs{"family": r.n.FamilyID})
	return err
}

// maxPasses bounds how often a run starts again for readers who moved into
// another class meanwhile; whoever is left then waits for the next tick.
const maxPasses = 25

// complete repeats passes until one finds nobody.
func (r *run) complete(ctx context.Context) error {
	r.month = monthOf(r.now)
	if _, err := r.s.DB.Exec(ctx, sqlEnsureMonth, pgx.StrictNamedArgs{"month": r.month}); err != nil {
		return fmt.Errorf("make partition %s: %w", r.month.Format("2006-01"), err)
	}
	for range maxPasses {
		before := r.result.Readers
		planned, err := r.classes(ctx)
		if err != nil {
			return fmt.Errorf("fan out newsletter %d to seq %d: %w", r.n.ID, r.head, err)
		}
		if err := r.special(ctx); err != nil {
			return fmt.Errorf("fan out newsletter %d to seq %d: special readers: %w", r.n.ID, r.head, err)
		}
		if planned == 0 && r.result.Readers == before {
			return nil
		}
	}
	return nil
}

func monthOf(t time.Time) time.Time {
	y, m, _ := t.UTC().Date()
	return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
}

// upsertEdition finds or makes the edition of this content. One that was
// cancelled and whose time has come is not revived: its articles go out in an
// edition of their own, with that time as the slot, so that readers get the
// text as it is then. The same where its deliveries were dropped, or an article of
// it was corrected after it was composed.
func (r *run) upsertEdition(ctx context.Context, db postgres.DB, kind, locale string, articles []int64) (id int64, month time.Time, err error) {
	slot := r.slot
	for {
		args := r.args(pgx.NamedArgs{"kind": kind, "locale": locale, "articles": articles, "slot": slot})
		if _, err := db.Exec(ctx, sqlInsertEdition, args); err != nil {
			return 0, month, fmt.Errorf("make edition: %w", err)
		}
		var resume, closed *time.Time
		if err := db.QueryRow(ctx, sqlEditionByContent, args).Scan(&id, &month, &resume, &closed); err != nil {
			return 0, month, fmt.Errorf("find edition: %w", err)
		}
		switch {
		case closed != nil && closed.After(slot):
			slot = *closed
		case resume != nil && !resume.After(r.now) && resume.After(slot):
			slot = *resume
		default:
			return id, month, nil
		}
	}
}
