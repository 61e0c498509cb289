package delivery

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"vistka/internal/postgres"
)

const (
	// patience is how long a group is tried while the database is away and
	// relays wait for dots.
	patience = 15 * time.Second
	// callTime bounds one call of the database by the driver.
	callTime = 5 * time.Second
	// linger is how long the first to ask may wait for company, up to half
	// of the connections: commits cost, rows hardly do.
	linger = 1500 * time.Microsecond
)

// request is what one worker wants committed: outcomes of what it sent and,
// with attempt, the attempt of what it sends next.
type request struct {
	outcomes []Outcome
	next     Next
	attempt  bool

	granted bool
	err     error
	done    chan struct{}
}

// recorder commits the requests of all workers of a driver in groups, one group
// after another on one connection: one commit serves many mails.
type recorder struct {
	d        *driver
	ledger   *Ledger
	requests chan *request
	group    []*request
	outcomes []Outcome
	nexts    []Next
}

func newRecorder(d *driver, session postgres.DB) *recorder {
	own := *d.ledger
	own.DB = session
	return &recorder{d: d, ledger: &own, requests: make(chan *request, max(d.config.Connections, 1))}
}

func (r *recorder) ask(q *request) {
	if q.done == nil {
		q.done = make(chan struct{}, 1)
	}
	r.requests <- q
}

// answer waits for the commit. Returns ErrLost if the lease is not held any
// more; any other error leaves it unknown what was committed.
func (r *recorder) answer(q *request) (granted bool, err error) {
	<-q.done
	return q.granted, q.err
}

// run records until the requests are closed, which is after the last worker ended.
func (r *recorder) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for q := range r.requests {
		r.group = append(r.group[:0], q)
		r.gather(timer)
		r.record()
	}
}

// gather takes who else is waiting, and lingers for more.
func (r *recorder) gather(timer *time.Timer) {
	enough := int(r.d.live.Load()) / 2
	timer.Reset(linger)
	for {
		select {
		case q, ok := <-r.requests:
			if !ok {
				return
			}
			r.group = append(r.group, q)
			continue
		default:
		}
		if len(r.group) >= enough {
			return
		}
		select {
		case q, ok := <-r.requests:
			if !ok {
				return
			}
			r.group = append(r.group, q)
		case <-timer.C:
			return
		}
	}
}

// record commits the group and answers everyone in it. What the database will
// never take must not hold the others: then each request is recorded alone.
func (r *recorder) record() {
	err := r.commit(r.group)
	alone := err != nil && len(r.group) > 1 && hopeless(err)
	for i, q := range r.group {
		if alone {
			q.err = r.commit(r.group[i : i+1])
		}
		q.done <- struct{}{}
	}
}

// commit records some requests together and notes in each what came of it.
func (r *recorder) commit(group []*request) error {
	r.outcomes, r.nexts = r.outcomes[:0], r.nexts[:0]
	for _, q := range group {
		r.outcomes = append(r.outcomes, q.outcomes...)
		if q.attempt {
			r.nexts = append(r.nexts, q.next)
		}
	}
	began := time.Now()
	granted, err := r.patiently()
	r.d.meter.groups.Observe(float64(len(group)))
	r.d.meter.commits.Observe(time.Since(began).Seconds())
	if err == nil {
		r.d.recent.add(r.outcomes)
	}
	attempts := 0
	for _, ok := range granted {
		if ok {
			attempts++
		}
	}
	r.d.budget.spend(attempts, r.d.s.Clock.Now())
	for _, q := range group {
		q.granted, q.err = false, err
		if q.attempt && err == nil {
			q.granted, granted = granted[0], granted[1:]
		}
	}
	return err
}

// patiently is Ledger.Record again and again while the database is away for a
// moment: the same call, since what a lost answer committed is recognised.
func (r *recorder) patiently() ([]bool, error) {
	d := r.d
	deadline := time.Now().Add(patience)
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		if d.isDead() {
			return nil, ErrLost
		}
		// A server that vanished without a word answers nothing: a bound for each call.
		ctx, cancel := context.WithTimeout(d.books, callTime)
		granted, err := r.ledger.Record(ctx, r.outcomes, r.nexts)
		cancel()
		if err == nil || errors.Is(err, ErrLost) || hopeless(err) || time.Now().After(deadline) || !sleep(d.books, pause) {
			return granted, err
		}
	}
}

// hopeless tells an error that the same call will meet again: the database
// understood and refused (SQLSTATE classes 21 to 23 and 42).
func hopeless(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains([]string{"21", "22", "23", "42"}, pg.Code[:2])
}
