package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// ServerSettings are what decides whether a committed row is still there after
// a power cut.
type ServerSettings struct {
	Version           string // as people write it: 15.18
	Fsync             bool
	SynchronousCommit string // on, remote_apply, remote_write, local, off
	FullPageWrites    bool
	DataChecksums     bool
}

// Durable tells that a commit is on disk when the server says so. Anything
// else breaks the promise that nothing is mailed twice after a crash.
func (s ServerSettings) Durable() bool {
	return s.Fsync && s.FullPageWrites && s.SynchronousCommit != "off"
}

// Settings asks the server.
func Settings(ctx context.Context, db DB) (ServerSettings, error) {
	rows, err := db.Query(ctx, sqlSettings)
	if err != nil {
		return ServerSettings{}, fmt.Errorf("read server settings: %w", err)
	}
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[ServerSettings])
	if err != nil {
		return ServerSettings{}, fmt.Errorf("read server settings: %w", err)
	}
	return s, nil
}
