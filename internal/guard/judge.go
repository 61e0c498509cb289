package guard

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// Cause is what made something look like a copy.
type Cause string

const (
	Restored        Cause = "restored"         // the rows were written by a restore, not by us
	MovedDatabase   Cause = "moved database"   // another cluster, or another database of it
	RolledBack      Cause = "rolled back"      // the data directory remembers what the database has forgotten
	MovedDirectory  Cause = "moved directory"  // another machine, or another file on its disk
	CopiedDirectory Cause = "copied directory" // an older copy, or a copy of it is in use elsewhere
)

// failoverLag is how much an asynchronous replica may have lost without being
// taken for a backup.
const failoverLag = time.Minute

// place is where database and data directory are now. Empty: cannot be known.
type place struct {
	System   string
	Database int64
	Timeline int64
	Machine  string
	File     string
}

func placeOf(ctx context.Context, db postgres.DB) (p place, err error) {
	if p.System, err = postgres.SystemIdentifier(ctx, db); err != nil {
		return p, err
	}
	if err := db.QueryRow(ctx, sqlDatabase).Scan(&p.Database); err != nil {
		return p, fmt.Errorf("read the database's number: %w", err)
	}
	return p, nil
}

func (p place) args() pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{"system": p.System, "database": p.Database}
}

// known is what the database remembers of itself and of a data directory.
type known struct {
	Lineage      string
	Genuine      bool // the guard's row was written by the transaction it names
	System       string
	Database     int64
	Joined       bool // the directory has worked with this database; else what follows is empty
	Mark         int64
	Signature    string // of the mark
	SignedBefore string // what the file held when the mark was raised
	Machine      string
	File         string
	SeenAt       *time.Time
}

func recall(ctx context.Context, db postgres.DB, name string) (known, error) {
	rows, err := db.Query(ctx, sqlRecall, pgx.StrictNamedArgs{"name": name})
	if err != nil {
		return known{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[known])
}

// judge says what looks like a copy; empty: nothing does.
//
// A file that is one raise behind is a crash between database and file. One
// that is ahead is a database that went back; where that is the loss of a
// failover, what was lost is at most what a replica lags behind.
func judge(now place, k known, held mark) Cause {
	switch {
	case !k.Genuine:
		return Restored
	case differ(k.System, now.System) || k.Database != now.Database:
		return MovedDatabase
	case !k.Joined && held.Number > 0:
		return RolledBack
	case !k.Joined:
		return ""
	case differ(k.Machine, now.Machine) || differ(k.File, now.File):
		return MovedDirectory
	case held.Signature == k.Signature || held.Signature == k.SignedBefore:
		return ""
	case held.Number <= k.Mark:
		return CopiedDirectory
	case failedOver(now, k, held):
		return ""
	}
	return RolledBack
}

func differ(a, b string) bool { return a != "" && b != "" && a != b }

func failedOver(now place, k known, held mark) bool {
	return held.Timeline > 0 && now.Timeline == held.Timeline+1 && held.At.Sub(*k.SeenAt) <= failoverLag
}
