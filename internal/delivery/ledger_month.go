package delivery

import (
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// monthly is what nearly every record consists of, for the deliveries of one
// month: attempts, and outcomes that are a plain 250.
type monthly struct {
	month       time.Time
	attempts    *postgres.Statement
	acceptances *postgres.Statement
	next, done  keys
	hashes      [][]byte
	replies     []string
}

// keys are deliveries as arrays.
type keys struct {
	months                []time.Time
	editions, subscribers []int64
}

func (k *keys) add(key Key) {
	k.months, k.editions, k.subscribers = append(k.months, key.Month), append(k.editions, key.Edition), append(k.subscribers, key.Subscriber)
}

func (k *keys) clear() {
	k.months, k.editions, k.subscribers = k.months[:0], k.editions[:0], k.subscribers[:0]
}

// month gives the arrays of a month, which are kept: a ledger meets few of them.
func (l *Ledger) month(month time.Time) *monthly {
	for _, m := range l.months {
		if m.month.Equal(month) {
			return m
		}
	}
	m := &monthly{month: month}
	m.attempts = postgres.Compile(inPartition(sqlAttempt, month), m.attemptArgs(l, time.Time{}))
	m.acceptances = postgres.Compile(inPartition(sqlSent, month), m.sentArgs(l, time.Time{}))
	l.months = append(l.months, m)
	return m
}

// inPartition puts the table of a month's deliveries into a statement, by the
// name that ensure_delivery_month gives it.
func inPartition(sql string, month time.Time) string {
	return strings.ReplaceAll(sql, "{delivery}", "delivery_"+month.Format("2006_01"))
}

// plain tells an outcome that has nothing to be noted but the relay's words.
func (o Outcome) plain() bool {
	return o.State == Sent && !o.Early && o.Tries == 0 && o.Stage == "" && o.Reply != ""
}

func (m *monthly) clear() {
	m.next.clear()
	m.done.clear()
	m.hashes, m.replies = m.hashes[:0], m.replies[:0]
}

func (m *monthly) attempt(n Next) {
	m.next.add(n.Key)
	m.hashes = append(m.hashes, n.Hash)
}

func (m *monthly) sent(o Outcome) {
	m.done.add(o.Key)
	m.replies = append(m.replies, o.Reply)
}

func (m *monthly) queueAttempts(batch *pgx.Batch, l *Ledger, now time.Time, granted map[Key]bool) {
	if len(m.hashes) == 0 {
		return
	}
	m.attempts.Queue(batch, m.attemptArgs(l, now)).Query(func(rows pgx.Rows) error {
		k := Key{Month: m.month}
		_, err := pgx.ForEachRow(rows, []any{&k.Edition, &k.Subscriber}, func() error {
			granted[k] = true
			return nil
		})
		return err
	})
}

func (m *monthly) queueSent(batch *pgx.Batch, l *Ledger, now time.Time) {
	if len(m.replies) > 0 {
		m.acceptances.Queue(batch, m.sentArgs(l, now))
	}
}

func (m *monthly) attemptArgs(l *Ledger, now time.Time) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{
		"relay": l.Relay, "fence": l.Fence, "now": now, "day": day(now), "attempts": len(m.hashes),
		"months": m.next.months, "editions": m.next.editions, "subscribers": m.next.subscribers, "hashes": m.hashes,
	}
}

func (m *monthly) sentArgs(l *Ledger, now time.Time) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{
		"relay": l.Relay, "fence": l.Fence, "now": now,
		"months": m.done.months, "editions": m.done.editions, "subscribers": m.done.subscribers, "replies": m.replies,
	}
}
