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

func (a Account) object() string { return fmt.Sprintf("account %d", a.ID) }
