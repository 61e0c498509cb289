package account

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// Event is one act in the admin pages or on the command line (AccountID 0).
type Event struct {
	At        time.Time
	AccountID int64
	Act       string // "export", "article.hold" …
	Object    string // "newsletter 3"; never an address
	Detail    map[string]any
}

// Recorded is an event as it is shown.
type Recorded struct {
	At      time.Time `db:"at"`
	Account string    `db:"account"` // the name; "" for the command line
	Act     string    `db:"act"`
	Object  string    `db:"object"`
}

// Record adds e to the trail, in the caller's transaction where the act has one.
func Record(ctx context.Context, db postgres.DB, e Event) error {
	detail := []byte("{}")
	if len(e.Detail) > 0 {
		var err error
		if detail, err = json.Marshal(e.Detail); err != nil {
			return fmt.Errorf("record %s: %w", e.Act, err)
		}
	}
	_, err := db.Exec(ctx, sqlRecord, pgx.StrictNamedArgs{
		"at": e.At, "account_id": e.AccountID, "act": e.Act, "object": e.Object, "detail": detail,
	})
	if err != nil {
		return fmt.Errorf("record %s: %w", e.Act, err)
	}
	return nil
}

// Trail returns the newest events about object, or of everything when it is "".
func Trail(ctx context.Context, db postgres.DB, object string, most int) ([]Recorded, error) {
	rows, err := db.Query(ctx, sqlTrail, pgx.StrictNamedArgs{"object": object, "most": most})
	if err != nil {
		return nil, fmt.Errorf("read trail: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Recorded])
	if err != nil {
		return nil, fmt.Errorf("read trail: %w", err)
	}
	return list, nil
}

func (a Account) object() string { return fmt.Sprintf("account %d", a.ID) }
