package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// SystemIdentifier is the number that initdb gave the cluster: the same in every
// copy of its files, another one wherever a dump is restored. Empty where our
// role may not read it, as with some managed databases.
func SystemIdentifier(ctx context.Context, db DB) (id string, err error) {
	// Asked first: a call in an untaken CASE is refused all the same, and in a
	// transaction a refusal would end it.
	var may bool
	if err := db.QueryRow(ctx, sqlMayReadControl).Scan(&may); err != nil {
		return "", fmt.Errorf("read system identifier: %w", err)
	}
	if !may {
		return "", nil
	}
	if err := db.QueryRow(ctx, sqlSystemIdentifier).Scan(&id); err != nil {
		return "", fmt.Errorf("read system identifier: %w", err)
	}
	return id, nil
}

// Timeline is the number of the cluster's history: a replica that is promoted,
// and a recovery to a point in time, begin the next one. It is read from the
// name of the file that is being written, since pg_control_checkpoint() tells it
// only after the next checkpoint. 0 where the server does not say; an error while
// it is a replica. Call it outside a transaction.
func Timeline(ctx context.Context, db DB) (timeline int64, err error) {
	var may bool
	if err := db.QueryRow(ctx, sqlMayReadTimeline).Scan(&may); err != nil || !may {
		return 0, err
	}
	err = db.QueryRow(ctx, sqlTimeline).Scan(&timeline)
	if pg, refused := errors.AsType[*pgconn.PgError](err); refused && pg.Code != inRecovery && !IsUnavailable(err) {
		return 0, nil // a server without a log of this kind
	}
	if err != nil {
		return 0, fmt.Errorf("read timeline: %w", err)
	}
	return timeline, nil
}
