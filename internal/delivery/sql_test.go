package delivery

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

// Every statement is one that the migrated schema knows.
func TestStatementsPrepare(t *testing.T) {
	t.Parallel()
	conn, err := pgtest.New(t).Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for _, sql := range []string{
		sqlEnqueue, sqlRelayUpsert, sqlRelayTaken, sqlLeaseTake, sqlLeaseRenew, sqlDoubtDeliveries, sqlDoubtNotices, sqlRelayState, sqlRelayShare,
		sqlFeedNotices, sqlFeedEditions, sqlFeedQueued, sqlFeedDue, sqlByIndex, sqlBody, sqlNotice, sqlNoticeFacts, sqlNoticeFreeze, sqlLatest,
		sqlOutcome, sqlWhy, sqlWhyNotices, sqlCancel, sqlSkip, sqlCancelNotices, sqlEditionPause, sqlEditionLock, sqlEditionSettle,
		sqlBacklog, sqlRelayStates, sqlLatelyRefused, sqlWaitingFor, sqlInDoubt, sqlFailedNotices, sqlNoticeHealths, sqlNoticeState, sqlOfSubscriber, sqlTroubled, sqlDecideDelivery, sqlDecideNotice, sqlEditionHold, sqlEditionReopen, sqlNotify,
		sqlSentAgain, sqlNoticesSentAgain, sqlMaySend, sqlPendingEditions, sqlPendingNotices,
		sqlAlertDue, sqlRelayDown, sqlDoubtHeld, sqlSuppressRepeated, sqlPurgeNotices,
	} {
		numbered, _, err := pgx.NamedArgs{}.RewriteQuery(t.Context(), conn.Conn(), sql, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Conn().Prepare(t.Context(), "", numbered); err != nil {
			t.Errorf("%v\n%s", err, sql)
		}
	}
}

// A page costs the same wherever it stands, also while the planner knows
// nothing of the tables: no step of its plan begins at their first row.
func TestPagesAreReadByIndex(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	shared := pgx.NamedArgs{
		"now": time.Now(), "month": time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), "edition": 1, "after": 400, "limit": page,
		"resting": []int64{}, "rested": []int64{}, "shares": 1, "share": 0,
	}
	for name, sql := range map[string]string{"queued": sqlFeedQueued, "due": sqlFeedDue} {
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), sqlByIndex); err != nil {
				return err
			}
			rows, err := tx.Query(t.Context(), "EXPLAIN "+sql, shared)
			if err != nil {
				return err
			}
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			plan := strings.Join(lines, "\n")
			for _, bad := range []string{"Seq Scan", "Bitmap", "Sort  (cost", "Hash Join", "Hash Left", "Merge Left", "Merge Join"} {
				if strings.Contains(plan, bad) {
					t.Errorf("%s: %s in the plan\n%s", name, bad, plan)
				}
			}
			for i, line := range lines {
				if name == "due" && strings.Contains(line, " on delivery_") &&
					!(strings.Contains(lines[i+1], "edition_id = e.id") && strings.Contains(lines[i+1], "due_at <=")) {
					t.Errorf("rows of editions that are not open are read:%s\n%s", line, plan)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// The record finds each row by its whole key, also with the plan of a session
// that was opened while the tables were empty.
func TestRecordsFindTheirRowsByKey(t *testing.T) {
	t.Parallel()
	pool, err := postgres.OpenSession(t.Context(), pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	clock := postgres.NewTestClock(time.Now())
	plain, counted := &Ledger{Clock: clock}, &Ledger{Clock: clock, Counted: true}
	for _, s := range []*postgres.Statement{
		plain.month(time.Now()).statement, plain.recordNotices(), counted.month(time.Now()).statement, counted.recordNotices(), recordOutcomes,
	} {
		if _, err := pool.Exec(t.Context(), "PREPARE record AS "+s.SQL()); err != nil {
			t.Fatal(err)
		}
		rows, err := pool.Query(t.Context(), "EXPLAIN EXECUTE record (NULL"+strings.Repeat(", NULL", s.Params()-1)+")", pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		scans := 0
		for i, line := range lines {
			for table, key := range map[string]string{"delivery": "subscriber_id = ", "notice": "(id = "} {
				if !strings.Contains(line, "Scan") || !strings.Contains(line, " on "+table) {
					continue
				}
				if scans++; !strings.Contains(lines[i+1], "Index Cond") || !strings.Contains(lines[i+1], key) {
					t.Errorf("not by its key:%s\n%s", line, strings.Join(lines, "\n"))
				}
			}
		}
		if plan := strings.Join(lines, "\n"); strings.Contains(plan, "willing") && !strings.Contains(plan, "One-Time Filter: ($") {
			t.Errorf("readers are looked at before the relay's row is held\n%s", plan)
		}
		if scans == 0 {
			t.Errorf("no row is looked for\n%s", strings.Join(lines, "\n"))
		}
		if _, err := pool.Exec(t.Context(), "DEALLOCATE record"); err != nil {
			t.Fatal(err)
		}
	}
}

// What every mail changes is in no index, key or predicate: so its updates
// stay heap-only, and the ledger keeps up with the wire.
func TestUpdatesOfDeliveriesStayHeapOnly(t *testing.T) {
	t.Parallel()
	rows, err := pgtest.New(t).Query(t.Context(), `
		SELECT x.indexrelid::regclass::text, a.attname
		FROM pg_index x
		JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = x.indexrelid AND d.refobjid = x.indrelid
		JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = d.refobjsubid
		WHERE x.indrelid = 'delivery'::regclass`)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	var index, column string
	if _, err := pgx.ForEachRow(rows, []any{&index, &column}, func() error {
		seen++
		if slices.Contains([]string{"state", "tries", "relay_id", "fence", "settled_at", "reply"}, column) {
			t.Errorf("%s has %s, which every mail changes", index, column)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Error("no index was looked at")
	}
}
