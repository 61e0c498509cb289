package edition

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// The mails of a change of address name no reader: an index on the change finds
// them, and not a look at everything that was mailed to anybody.
func TestNoticesToAReaderAreFoundByIndex(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	ctx := t.Context()
	tx, err := s.svc.DB.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	// Of so few rows an index is of no use; it is asked whether there is one.
	if _, err := tx.Exec(ctx, "SET LOCAL enable_seqscan = off"); err != nil {
		t.Fatal(err)
	}
	rows, err := tx.Query(ctx, "EXPLAIN "+sqlNoticesTo, pgx.StrictNamedArgs{"subscriber": s.readers[0], "before": int64(0), "after": time.Time{}})
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	plan := strings.Join(lines, "\n")
	for _, index := range []string{"notice_change_idx", "notice_subscriber_id_idx", "notice_signup_id_idx", "notice_pkey"} {
		if !strings.Contains(plan, index) {
			t.Errorf("%s is not used:\n%s", index, plan)
		}
	}
}
