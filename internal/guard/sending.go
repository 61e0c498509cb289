package guard

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// State of the switch.
type State string

const (
	On      State = "on"
	Stopped State = "stopped" // by a person
	Locked  State = "locked"  // by the guard
)

// ErrState says that the switch is not in the state that the act needs.
var ErrState = errors.New("guard: sending is not in the state this needs")

// Sending is how the switch stands.
type Sending struct {
	State  State
	Reason string // of who stopped it
	Cause  Cause  // of the lock
	Since  time.Time
	By     string // name of the account; empty: the command line, or the guard
}

// Read tells how the switch stands.
func Read(ctx context.Context, db postgres.DB) (Sending, error) {
	rows, err := db.Query(ctx, sqlSending)
	if err != nil {
		return Sending{}, fmt.Errorf("read the switch of sending: %w", err)
	}
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Sending])
	if err != nil {
		return Sending{}, fmt.Errorf("read the switch of sending: %w", err)
	}
	return s, nil
}

// Stop lets no further attempt be committed; what a relay is being handed at
// this moment still goes. accountID is 0 on the command line. Returns ErrState
// unless sending is on.
func Stop(ctx context.Context, tx pgx.Tx, reason string, accountID int64, now time.Time) error {
	return turn(ctx, tx, On, Stopped, reason, accountID, now)
}

// Start undoes Stop. Returns ErrState unless sending is stopped; what is locked
// needs Unlock.
func Start(ctx context.Context, tx pgx.Tx, accountID int64, now time.Time) error {
	return turn(ctx, tx, Stopped, On, "", accountID, now)
}

// Unlock says that this copy is the original: mail goes out at once, and where
// database and data directories are next seen is where they belong. tx is a
// transaction itself, not a savepoint in one, which would have another number
// than its rows. Returns ErrState unless sending is locked.
func Unlock(ctx context.Context, tx pgx.Tx, accountID int64, now time.Time) error {
	if err := turn(ctx, tx, Locked, On, "", accountID, now); err != nil {
		return err
	}
	here, err := placeOf(ctx, tx)
	if err == nil {
		_, err = tx.Exec(ctx, sqlRebind, here.args())
	}
	if err == nil {
		_, err = tx.Exec(ctx, sqlForgetDirectories)
	}
	if err != nil {
		return fmt.Errorf("bind the clone guard: %w", err)
	}
	return nil
}

func turn(ctx context.Context, tx pgx.Tx, from, to State, reason string, accountID int64, now time.Time) error {
	tag, err := tx.Exec(ctx, sqlTurn, pgx.StrictNamedArgs{
		"from": from, "to": to, "reason": reason, "account": accountID, "now": now,
	})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrState
	}
	if err == nil {
		_, err = tx.Exec(ctx, sqlNotify)
	}
	if err != nil {
		return fmt.Errorf("turn sending from %s to %s: %w", from, to, err)
	}
	return nil
}
