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
	month      time.Time
	statement  *postgres.Statement
	next, done keys
	hashes     [][]byte
	replies    []string
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
	m.statement = postgres.Compile(inPartition(l.mine(sqlRecord), month), m.args(l, time.Time{}))
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

func (m *monthly) queue(batch *pgx.Batch, l *Ledger, now time.Time, granted map[Key]bool) {
	if len(m.hashes) == 0 && len(m.replies) == 0 {
		return
	}
	m.statement.Queue(batch, m.args(l, now)).Query(func(rows pgx.Rows) error {
		k := Key{Month: m.month}
		var state State
		_, err := pgx.ForEachRow(rows, []any{&k.Edition, &k.Subscriber, &state}, func() error {
			if state == Sending {
				granted[k] = true
			}
			return nil
		})
		return err
	})
}

func (m *monthly) args(l *Ledger, now time.Time) pgx.StrictNamedArgs {
	args := pgx.StrictNamedArgs{
		"relay": l.Relay, "fence": l.Fence, "now": now,
		"next_months": m.next.months, "next_editions": m.next.editions, "next_subscribers": m.next.subscribers, "hashes": m.hashes,
		"sent_months": m.done.months, "sent_editions": m.done.editions, "sent_subscribers": m.done.subscribers, "replies": m.replies,
	}
	l.count(args, len(m.hashes), now)
	return args
}
