// Package guard keeps mail from going out of a copy: it owns the switch of all
// sending, and turns it off where the database or the data directory looks like
// a restored dump, a rolled-back server or a copied directory. Only a person
// can say which copy is the original. docs/adr/0011-clone-guard.md tells what
// is noticed and what cannot be.
package guard

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/postgres"
)

const (
	// every is how often the mark rises: what a rollback may undo unnoticed.
	every        = 10 * time.Second
	checkTimeout = 10 * time.Second
)

// Guard watches one data directory and its database. The fields are set before
// use and not changed after.
type Guard struct {
	DB      *pgxpool.Pool
	Clock   *postgres.Clock
	Dir     string // the data directory; the marks are kept in it
	Name    string // the data directory's own name, the same in a copy of it
	Machine string // from MachineID; empty: this machine has none
	Log     *slog.Logger

	// OnLock is called in the transaction that locks sending. Nil: nothing follows.
	OnLock func(ctx context.Context, tx pgx.Tx, cause Cause)
}

// Run checks again and again until ctx ends: a database can be rolled back, and
// a directory copied, under a process that runs.
func (g *Guard) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := g.Check(ctx); err != nil && ctx.Err() == nil {
			g.Log.Warn("the clone guard cannot look", "error", err)
		}
	}
}

// Check compares what database and data directory remember of each other. If
// either looks like a copy, sending is locked, which is no error. Otherwise both
// remember this moment.
func (g *Guard) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	here, err := placeOf(ctx, g.DB)
	if err != nil {
		return fmt.Errorf("clone guard: %w", err)
	}
	if here.Timeline, err = postgres.Timeline(ctx, g.DB); err != nil {
		return fmt.Errorf("clone guard: %w", err)
	}
	here.Machine = g.Machine
	lineage, err := g.lineage(ctx, here)
	if err != nil {
		return fmt.Errorf("clone guard: %w", err)
	}
	file, err := openMark(g.Dir, g.Name, lineage)
	if err != nil {
		return fmt.Errorf("clone guard: %w", err)
	}
	defer file.Close()
	here.File = file.number()
	held, err := file.read()
	if err != nil {
		return fmt.Errorf("clone guard: %w", err)
	}
	next := mark{Signature: rand.Text(), Timeline: here.Timeline, At: g.Clock.Now()}
	locked := false
	err = postgres.InTx(ctx, g.DB, func(tx pgx.Tx) error {
		known, err := recall(ctx, tx, g.Name)
		if err != nil {
			return err
		}
		if known.Lineage != lineage {
			return errUnlocked
		}
		cause := judge(here, known, held)
		if locked = cause != ""; locked {
			return g.lock(ctx, tx, cause, next.At)
		}
		next.Number = max(held.Number, known.Mark) + 1
		return g.raise(ctx, tx, here, known, held, next)
	})
	if err != nil {
		return fmt.Errorf("clone guard: %w", err)
	}
	if locked {
		return nil
	}
	// The database first: a crash between the two leaves the file one behind,
	// and a file that is ahead then has one meaning only.
	if err := file.write(next); err != nil {
		return fmt.Errorf("clone guard: %w", err)
	}
	return nil
}

// lineage names what database and directories remember of each other. The first
// to ask binds the guard.
func (g *Guard) lineage(ctx context.Context, here place) (lineage string, err error) {
	err = g.DB.QueryRow(ctx, sqlLineage).Scan(&lineage)
	if !errors.Is(err, pgx.ErrNoRows) {
		return lineage, err
	}
	if _, err := g.DB.Exec(ctx, sqlBind, here.args()); err != nil {
		return "", err
	}
	return lineage, g.DB.QueryRow(ctx, sqlLineage).Scan(&lineage)
}

// errUnlocked: a person did, between our reading of the file and now.
var errUnlocked = errors.New("sending was unlocked at this moment")

// errRaised: another process raised the mark of this directory's name between
// our reading and writing; the next check sees what that was.
var errRaised = errors.New("another process works under this data directory's name")

func (g *Guard) raise(ctx context.Context, tx pgx.Tx, here place, was known, held, next mark) error {
	tag, err := tx.Exec(ctx, sqlRaise, pgx.StrictNamedArgs{
		"name": g.Name, "mark": next.Number, "signature": next.Signature, "before": held.Signature, "known": was.Signature,
		"machine": here.Machine, "file": here.File, "now": next.At,
	})
	if err == nil && tag.RowsAffected() == 0 {
		err = errRaised
	}
	return err
}

func (g *Guard) lock(ctx context.Context, tx pgx.Tx, cause Cause, now time.Time) error {
	tag, err := tx.Exec(ctx, sqlLock, pgx.StrictNamedArgs{"cause": cause, "now": now})
	if err == nil && tag.RowsAffected() > 0 {
		g.Log.Error("sending is locked: this looks like a copy", "cause", cause, "next", "vistka sending")
		if g.OnLock != nil {
			g.OnLock(ctx, tx, cause)
		}
		_, err = tx.Exec(ctx, sqlNotify)
	}
	return err
}
