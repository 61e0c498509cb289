package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/mailer"
	"vistka/internal/postgres"
)

// Outcome is what became of a try.
type Outcome struct {
	Key
	Hash  []byte // of the address that was mailed
	Early bool   // before the attempt was committed: the row is not 'sending'
	Had   int    // the row's count of tries before this one, where Early: the same outcome counts once
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
	Hash []byte // of the address it was made for
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
	// Counted has attempts counted by the day in their commit, for a relay that
	// has a daily limit.
	Counted bool

	// Of the record under way; they are kept for their room, and for their statements.
	months          []*monthly
	others, notices columns
	noticeStatement *postgres.Statement
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

// record sends what there is to record as one batch: an implicit transaction,
// one round trip. The months come first, since their attempts hold the relay.
func (l *Ledger) record(ctx context.Context, outcomes []Outcome, nexts []Next, granted map[Key]bool) error {
	l.clear()
	for _, n := range nexts {
		if n.Notice != 0 {
			l.notices.attempt(n)
		} else {
			l.month(n.Month).attempt(n)
		}
	}
	for _, o := range outcomes {
		switch {
		case o.Notice != 0:
			l.notices.outcome(o)
		case o.plain():
			l.month(o.Month).sent(o)
		default:
			l.others.outcome(o)
		}
	}
	now := l.Clock.Now()
	batch := &pgx.Batch{}
	for _, m := range l.months {
		m.queue(batch, l, now, granted)
	}
	if l.others.used {
		recordOutcomes.Queue(batch, l.others.args(l, now))
	}
	if l.notices.used {
		l.recordNotices().Queue(batch, l.notices.noticeArgs(l, now)).Query(func(rows pgx.Rows) error {
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

func (l *Ledger) clear() {
	for _, m := range l.months {
		m.clear()
	}
	l.others.clear()
	l.notices.clear()
}

// columns are the arrays of sqlOutcome and sqlRecordNotices, one element a row.
type columns struct {
	used                       bool
	ids, editions, subscribers []int64
	months                     []time.Time
	mailed                     [][]byte
	early                      []bool
	states, replies, stages    []string
	charges                    []string
	tries, had, codes          []int
	due                        []*time.Time
	next                       []int64
	hashes                     [][]byte
}

// clear keeps the arrays' room.
func (c *columns) clear() {
	c.used = false
	c.ids, c.editions, c.subscribers, c.months = c.ids[:0], c.editions[:0], c.subscribers[:0], c.months[:0]
	c.early = c.early[:0]
	c.states, c.replies, c.stages, c.charges = c.states[:0], c.replies[:0], c.stages[:0], c.charges[:0]
	c.tries, c.had, c.codes, c.due = c.tries[:0], c.had[:0], c.codes[:0], c.due[:0]
	c.mailed, c.next, c.hashes = c.mailed[:0], c.next[:0], c.hashes[:0]
}

func (c *columns) outcome(o Outcome) {
	c.used = true
	c.ids, c.months = append(c.ids, o.Notice), append(c.months, o.Month)
	c.editions, c.subscribers = append(c.editions, o.Edition), append(c.subscribers, o.Subscriber)
	c.mailed = append(c.mailed, o.Hash)
	c.early, c.states = append(c.early, o.Early), append(c.states, string(o.State))
	c.tries, c.had, c.due = append(c.tries, o.Tries), append(c.had, o.Had), append(c.due, o.DueAt)
	c.replies, c.stages = append(c.replies, o.Reply), append(c.stages, o.Stage)
	c.codes, c.charges = append(c.codes, o.Code), append(c.charges, string(o.Charge))
}

func (c *columns) attempt(n Next) {
	c.used = true
	c.next, c.hashes = append(c.next, n.Notice), append(c.hashes, n.Hash)
}

var recordOutcomes = postgres.Compile(sqlOutcome, (&columns{}).args(&Ledger{}, time.Time{}))

// recordNotices is the statement for notices.
func (l *Ledger) recordNotices() *postgres.Statement {
	if l.noticeStatement == nil {
		l.noticeStatement = postgres.Compile(l.mine(sqlRecordNotices), l.notices.noticeArgs(l, time.Time{}))
	}
	return l.noticeStatement
}

// mine puts into a statement how it holds the relay's row.
func (l *Ledger) mine(sql string) string {
	if l.Counted {
		return strings.ReplaceAll(sql, "{mine}", sqlMineCounted)
	}
	return strings.ReplaceAll(sql, "{mine}", sqlMine)
}

// count adds the arguments of sqlMineCounted.
func (l *Ledger) count(args pgx.StrictNamedArgs, attempts int, now time.Time) {
	if l.Counted {
		args["day"], args["attempts"] = day(now), attempts
	}
}

func (c *columns) args(l *Ledger, now time.Time) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{
		"relay": l.Relay, "fence": l.Fence, "now": now,
		"months": c.months, "editions": c.editions, "subscribers": c.subscribers, "mailed": c.mailed, "early": c.early, "states": c.states,
		"tries": c.tries, "had": c.had, "due": c.due, "replies": c.replies, "stages": c.stages, "codes": c.codes, "charges": c.charges,
	}
}

func (c *columns) noticeArgs(l *Ledger, now time.Time) pgx.StrictNamedArgs {
	args := pgx.StrictNamedArgs{
		"relay": l.Relay, "fence": l.Fence, "now": now,
		"ids": c.ids, "mailed": c.mailed, "early": c.early, "states": c.states, "tries": c.tries, "had": c.had, "due": c.due, "replies": c.replies, "charges": c.charges,
		"next": c.next, "hashes": c.hashes,
	}
	l.count(args, len(c.next), now)
	return args
}
