package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/mailer"
	"vistka/internal/postgres"
)

// Outcome is what became of a try.
type Outcome struct {
	Key
	Early bool // before the attempt was committed: the row is not 'sending'
	Had   int  // the row's count of tries before this one, where Early: the same outcome counts once
	State State
	Tries int        // added to the row's count: 1 when Early, else 0; -1 takes an attempt back
	DueAt *time.Time // when it is tried again
	Reply string     // the relay's words as stored
	Stage string     // with Code and Reply makes an attempt row; empty: none
	Code  int
	// Charge is what a failure says about the address: gone suppresses it at
	// once, the others are counted by SuppressRepeated.
	Charge mailer.Charge
}

// Next asks to commit the attempt of one message.
type Next struct {
	Key
	Hash []byte // of a notice's address, for the suppression check
}

// ErrLost says that the relay's lease is no longer held under this fence:
// nothing more may be sent by it.
var ErrLost = errors.New("delivery: the relay's lease is lost")

// Ledger records under one fence: any number of outcomes and attempts in one
// commit. Not safe for parallel use.
type Ledger struct {
	DB    postgres.DB
	Clock *postgres.Clock
	Relay int64
	Fence int64

	deliveries, notices columns // of the record under way, kept for their room
}

// Record commits outcomes and attempts in one transaction and returns, for each
// of nexts, whether its dot may be written. A row that is not granted has been
// settled as its reason asks. Returns ErrLost if the lease is not held; any
// other error leaves it unknown what was committed: call again with the same
// arguments, or take the attempts back.
func (l *Ledger) Record(ctx context.Context, outcomes []Outcome, nexts []Next) ([]bool, error) {
	granted := make(map[Key]bool, len(nexts))
	err := l.record(ctx, outcomes, nexts, granted)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	var missing []Next
	for _, n := range nexts {
		if !granted[n.Key] {
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 {
		if err := l.why(ctx, missing, granted); err != nil {
			return nil, err
		}
	}
	out := make([]bool, len(nexts))
	for i, n := range nexts {
		out[i] = granted[n.Key]
	}
	return out, nil
}

// record sends one statement, or two when both notices and deliveries are
// concerned, as one batch: an implicit transaction, one round trip.
func (l *Ledger) record(ctx context.Context, outcomes []Outcome, nexts []Next, granted map[Key]bool) error {
	deliveries, notices := &l.deliveries, &l.notices
	deliveries.clear()
	notices.clear()
	for _, o := range outcomes {
		if o.Notice != 0 {
			notices.outcome(o)
		} else {
			deliveries.outcome(o)
		}
	}
	for _, n := range nexts {
		if n.Notice != 0 {
			notices.next(n)
		} else {
			deliveries.next(n)
		}
	}
	now := l.Clock.Now()
	batch := &pgx.Batch{}
	if deliveries.used {
		recordDeliveries.queue(batch, deliveries.args(l, now)).Query(func(rows pgx.Rows) error {
			var k Key
			_, err := pgx.ForEachRow(rows, []any{&k.Month, &k.Edition, &k.Subscriber}, func() error {
				granted[k] = true
				return nil
			})
			return err
		})
	}
	if notices.used {
		recordNotices.queue(batch, notices.noticeArgs(l, now)).Query(func(rows pgx.Rows) error {
			var k Key
			_, err := pgx.ForEachRow(rows, []any{&k.Notice}, func() error {
				granted[k] = true
				return nil
			})
			return err
		})
	}
	if batch.Len() == 0 {
		return nil
	}
	return l.DB.SendBatch(ctx, batch).Close()
}

// columns are the arrays of a record statement, one element a row.
type columns struct {
	used                            bool
	ids, editions, subscribers      []int64
	months                          []time.Time
	early                           []bool
	states, replies, stages         []string
	charges                         []string
	tries, had, codes               []int
	due                             []*time.Time
	nextIDs, nextEditions, nextSubs []int64
	nextMonths                      []time.Time
	hashes                          [][]byte
}

// clear keeps the arrays' room.
func (c *columns) clear() {
	c.used = false
	c.ids, c.editions, c.subscribers, c.months = c.ids[:0], c.editions[:0], c.subscribers[:0], c.months[:0]
	c.early = c.early[:0]
	c.states, c.replies, c.stages, c.charges = c.states[:0], c.replies[:0], c.stages[:0], c.charges[:0]
	c.tries, c.had, c.codes, c.due = c.tries[:0], c.had[:0], c.codes[:0], c.due[:0]
	c.nextIDs, c.nextEditions, c.nextSubs, c.nextMonths = c.nextIDs[:0], c.nextEditions[:0], c.nextSubs[:0], c.nextMonths[:0]
	c.hashes = c.hashes[:0]
}

func (c *columns) outcome(o Outcome) {
	c.used = true
	c.ids, c.months = append(c.ids, o.Notice), append(c.months, o.Month)
	c.editions, c.subscribers = append(c.editions, o.Edition), append(c.subscribers, o.Subscriber)
	c.early, c.states = append(c.early, o.Early), append(c.states, string(o.State))
	c.tries, c.had, c.due = append(c.tries, o.Tries), append(c.had, o.Had), append(c.due, o.DueAt)
	c.replies, c.stages = append(c.replies, o.Reply), append(c.stages, o.Stage)
	c.codes, c.charges = append(c.codes, o.Code), append(c.charges, string(o.Charge))
}

func (c *columns) next(n Next) {
	c.used = true
	c.nextIDs, c.nextMonths = append(c.nextIDs, n.Notice), append(c.nextMonths, n.Month)
	c.nextEditions, c.nextSubs = append(c.nextEditions, n.Edition), append(c.nextSubs, n.Subscriber)
	c.hashes = append(c.hashes, n.Hash)
}

var (
	recordDeliveries = compile(sqlRecord, (&columns{}).args(&Ledger{}, time.Time{}))
	recordNotices    = compile(sqlRecordNotices, (&columns{}).noticeArgs(&Ledger{}, time.Time{}))
)

func (c *columns) args(l *Ledger, now time.Time) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{
		"relay": l.Relay, "fence": l.Fence, "now": now, "day": day(now), "attempts": len(c.nextSubs),
		"months": c.months, "editions": c.editions, "subscribers": c.subscribers, "early": c.early, "states": c.states,
		"tries": c.tries, "had": c.had, "due": c.due, "replies": c.replies, "stages": c.stages, "codes": c.codes, "charges": c.charges,
		"next_months": c.nextMonths, "next_editions": c.nextEditions, "next_subscribers": c.nextSubs,
	}
}

func (c *columns) noticeArgs(l *Ledger, now time.Time) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{
		"relay": l.Relay, "fence": l.Fence, "now": now, "day": day(now), "attempts": len(c.nextIDs),
		"ids": c.ids, "early": c.early, "states": c.states, "tries": c.tries, "had": c.had, "due": c.due, "replies": c.replies, "charges": c.charges,
		"next": c.nextIDs, "hashes": c.hashes,
	}
}
