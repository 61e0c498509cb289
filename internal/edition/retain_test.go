package edition

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

const partition = `SELECT count(*) FROM pg_class WHERE relname = 'delivery_2026_03'`

// Old deliveries go, their totals stay; a month that is not settled stays whole.
// Nobody gets an article again for it: neither when it is released again, nor
// when one reader who was away catches up.
func TestRetain(t *testing.T) {
	t.Parallel()
	s := newStage(t) // March 2026
	for reader := range 4 {
		s.subscribe(2, reader, "instant")
	}
	away := s.readers[3]
	s.do(`UPDATE subscription SET paused_until = $2 WHERE subscriber_id = $1`, away, s.clock.Now().AddDate(2, 0, 0))
	article, _ := s.publish(2, 0)
	s.run(2)
	id := s.only(2).ID
	s.do(`UPDATE delivery SET state = CASE WHEN subscriber_id = $1 THEN 'failed' ELSE 'sent' END`, s.readers[0])
	s.do(`UPDATE delivery SET state = 'in doubt', doubts = 2 WHERE subscriber_id = $1`, s.readers[1])
	s.do(`INSERT INTO attempt SELECT month, edition_id, subscriber_id, 1, $1, 'RCPT', 550, '550 no' FROM delivery WHERE state = 'failed'`, s.clock.Now())
	s.do(`INSERT INTO missed_slot VALUES ($1, 'daily', '2026-03-31 23:59+00'), ($1, 'daily', '2026-04-01 00:00+00')`, s.letters[2])
	retain := func(want int) {
		t.Helper()
		months, err := s.svc.Retain(t.Context())
		if err != nil || len(months) != want {
			t.Fatalf("dropped %v, %v", months, err)
		}
	}
	s.clock.Set(time.Date(2027, 4, 30, 12, 0, 0, 0, time.UTC))
	retain(0)
	s.clock.Set(time.Date(2027, 5, 1, 0, 0, 0, 0, time.UTC))
	retain(0)
	s.want("missed slots of the months that are kept", s.count(`SELECT count(*) FROM missed_slot`), 1)
	s.want("partitions while one is in doubt", s.count(partition), 1)
	s.do(`UPDATE delivery SET state = 'sent' WHERE state = 'in doubt'`)
	retain(1)
	retain(0)
	s.want("partitions", s.count(partition), 0)
	s.want("attempts", s.count(`SELECT count(*) FROM attempt`), 0)
	counts, err := s.svc.Counts(t.Context(), []int64{id})
	if err != nil || counts[id]["sent"] != 2 || counts[id]["failed"] != 1 || counts[id].Total() != 3 {
		t.Errorf("totals %v, %v", counts, err)
	}
	if e := s.only(2); e.State != "settled" || e.DroppedAt == nil {
		t.Errorf("%+v", e)
	}
	if n, err := s.svc.Retry(t.Context(), id); err != nil || n != 0 {
		t.Errorf("%d failed are tried again, %v", n, err)
	}

	err = postgres.InTx(t.Context(), s.pool, func(tx pgx.Tx) error {
		if _, err := s.svc.Withdraw(t.Context(), tx, article); err != nil {
			return err
		}
		owed, err := s.svc.ReleaseAgain(t.Context(), tx, article)
		s.want("owed after a year", int(owed), 0)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.run(2)
	s.want("deliveries of who had it or not", s.count(`SELECT count(*) FROM delivery`), 0)
	s.clock.Set(time.Date(2028, 4, 1, 0, 0, 0, 0, time.UTC))
	s.run(2)
	s.want("to the one who was away, in a new edition", s.count(`SELECT count(*) FROM delivery
		WHERE subscriber_id = $1 AND edition_id <> $2 AND state = 'queued'`, away, id), 1)
	s.want("to anybody else", s.count(`SELECT count(*) FROM delivery WHERE subscriber_id <> $1`, away), 0)
}
