package delivery

import (
	"testing"

	"github.com/jackc/pgx/v5"

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
		sqlEnqueue, sqlRelayUpsert, sqlRelayTaken, sqlLeaseTake, sqlLeaseRenew, sqlLeaseRelease, sqlDoubtDeliveries, sqlDoubtNotices, sqlRelayState, sqlRelayShare,
		sqlFeedNotices, sqlFeedEditions, sqlFeedQueued, sqlFeedDue, sqlBody, sqlNotice, sqlLatest,
		sqlRecord, sqlRecordNotices, sqlWhy, sqlWhyNotices, sqlCancel, sqlSkip, sqlCancelNotices, sqlEditionPause, sqlEditionLock, sqlEditionSettle,
		sqlBacklog, sqlRelayStates, sqlLatelyRefused, sqlWaitingFor, sqlInDoubt, sqlFailedNotices, sqlDecideDelivery, sqlDecideNotice, sqlEditionHold, sqlEditionReopen, sqlNotify,
		sqlSentAgain, sqlNoticesSentAgain, sqlMaySend, sqlPendingEditions, sqlPendingNotices,
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
