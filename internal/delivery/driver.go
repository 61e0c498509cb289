package delivery

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/locale"
	"vistka/internal/mailer"
	"vistka/internal/postgres"
)

// driver is one tenure of one relay: what is true between taking its lease and
// losing or releasing it. Everything here lives in memory; the ledger is what lasts.
type driver struct {
	s        *Service
	log      *slog.Logger
	config   mailer.RelayConfig
	id       int64
	others   []int64 // the relays configured, this one too
	ledger   *Ledger
	recorder *recorder
	budget   *budget
	meter    *meter

	soft    context.Context // ends: take nothing new
	stop    context.CancelFunc
	hard    context.Context // ends: drop what is under way
	books   context.Context // ends: nothing more can be recorded
	lost    atomic.Bool
	died    atomic.Bool  // of tests: as in a crash, nothing more is recorded or released
	said    atomic.Bool  // a problem stands where a person looks
	lasting atomic.Bool  // of that problem: a person has to act
	live    atomic.Int32 // connections open

	queue     *queue
	notices   *noticeLoader
	breaker   *breaker
	pace      *pace
	providers *providers
	bell      bell

	saying sync.Mutex // one state of the relay is written after another

	mu       sync.Mutex
	editions map[int64]*edition
	cursors  map[int64]*cursor
	tallies  map[int64]*tally
	rested   map[int64]time.Time     // editions that cannot be composed now, until
	rests    map[int64]time.Duration // how long those rested last
	shares   int64
	share    int64

	turn        int64   // of feed only: the edition read last
	resting     []int64 // of feed only: providers at rest when it last looked
	moreNotices bool    // of feed only: its last page of notices was full

	wasSpent bool // of feed only: the budget was spent when it last looked

	timeline int64  // of feed, then of reassert: the database's when it first looked; 0: not yet, -1: not told
	recent   recent // of the recorder, then of reassert
}

// run sends until soft ends, then waits for the workers.
func (d *driver) run() {
	var group sync.WaitGroup
	for range max(d.config.Connections, 1) {
		group.Go((&worker{d: d}).run)
	}
	group.Go(d.feed)
	var recording sync.WaitGroup
	recording.Go(d.recorder.run)
	group.Wait()
	close(d.recorder.requests)
	recording.Wait()
}

// compose makes the message of an item in buf's room. Of a notice the feed reads
// nothing but its id: what else the item needs is known here.
func (d *driver) compose(it *item, buf []byte) (m mailer.Message, err error) {
	if it.Notice != 0 {
		n, err := d.notices.take(d.hard, it.Notice)
		it.tries = n.Tries
		if err != nil {
			return m, err
		}
		m, it.hash, err = d.s.composeNotice(n, buf)
		return m, err
	}
	e, err := d.edition(it.Edition)
	if err != nil {
		return m, err
	}
	return d.s.render(e, it, buf)
}

// may says whether an item may be sent now, and takes its places.
func (d *driver) may(it *item) bool {
	if it.tally != nil && it.tally.halted.Load() {
		return false
	}
	now := d.s.Clock.Now()
	if !d.budget.begin(it.Notice != 0, now) {
		return false
	}
	ok := true
	if it.Notice == 0 {
		ok, it.placed = d.providers.begin(it.provider, now)
	}
	if !ok {
		d.budget.end()
	}
	return ok
}

// release gives the places back.
func (d *driver) release(it *item, accepted bool) {
	d.budget.end()
	if it.placed {
		d.providers.end(it.provider, accepted, d.s.Clock.Now())
	}
}

// lose ends the tenure: another driver has the relay.
func (d *driver) lose() {
	if d.lost.CompareAndSwap(false, true) {
		d.log.Warn("lease lost: sending stops")
	}
	d.stop()
}

// die ends the tenure as a crash would.
func (d *driver) die() {
	d.died.Store(true)
	d.lose()
}

func (d *driver) isDead() bool { return d.died.Load() }

// relayFailed opens the breaker and says so where a person looks.
func (d *driver) relayFailed(probe bool, err error) {
	pause, opened := d.breaker.fail(probe)
	level, lasting := slog.LevelWarn, false
	var de *mailer.DialError
	if errors.As(err, &de) && de.Lasting {
		level, lasting = slog.LevelError, true
	}
	d.lasting.Store(lasting)
	if opened || lasting {
		d.log.Log(context.WithoutCancel(d.soft), level, "relay takes nothing: paused", "error", err, "pause", pause, "lasting", lasting)
	}
	if opened || probe {
		d.say(down, mailer.CleanReply(err.Error()))
	}
}

func (d *driver) relayFine() {
	if d.breaker.ok() {
		d.log.Info("relay takes mail again")
		d.forget() // other relays went on with it
	}
	if d.said.Load() {
		d.say(d.state(), "")
	}
}

// States of a relay, as the table has them.
const (
	ready = "ready"
	down  = "down"
	spent = "spent" // the daily limit is used up
)

// state of a relay that takes mail.
func (d *driver) state() string {
	if d.budget.spent(d.s.Clock.Now()) {
		return spent
	}
	return ready
}

// say writes the relay's state, for the admin pages and for the other relays'
// drivers: their parts of the mail depend on it. The owners are told of what is
// not for the relay to mend. What the breaker has overtaken while one waited
// for another is left unsaid: the last word must be the true one.
func (d *driver) say(state, words string) {
	d.saying.Lock()
	defer d.saying.Unlock()
	if words != "" {
		d.said.Store(true) // before the look at the breaker: who closes it after that sees it
	}
	if (state == down) != d.breaker.isOpen() {
		return
	}
	d.said.Store(words != "")
	err := postgres.InTx(d.books, d.s.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(d.books, sqlRelayState, pgx.StrictNamedArgs{
			"relay": d.id, "fence": d.ledger.Fence, "state": state, "problem": words, "now": d.s.Clock.Now(),
		}); err != nil {
			return err
		}
		return d.alertRelay(d.books, tx)
	})
	if err != nil {
		d.log.Warn("relay's state cannot be recorded", "error", err)
	}
}

// edition gives the composed edition, kept while it is being sent.
func (d *driver) edition(id int64) (*edition, error) {
	d.mu.Lock()
	e := d.editions[id]
	d.mu.Unlock()
	if e != nil {
		return e, nil
	}
	e, err := d.s.loadEdition(d.hard, id)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.editions) >= maxEditions {
		clear(d.editions)
	}
	d.editions[id] = e
	delete(d.rests, id)
	return e, nil
}

const (
	maxEditions = 32 // composed bodies kept in memory

	// An edition that could not be composed rests before it is tried again, twice
	// as long each time: mostly a connection was lost, and the next try succeeds.
	minEditionRest = time.Second
	maxEditionRest = time.Minute
)

// restEdition puts an edition that cannot be composed aside, or a notice whose
// rows cannot be read; the others go on.
func (d *driver) restEdition(it *item, err error) {
	if d.soft.Err() == nil {
		d.log.Error("cannot be composed now", "delivery", it.String(), "error", err)
	}
	d.queue.done(it.Key)
	if it.Notice == 0 {
		d.mu.Lock()
		rest := min(max(2*d.rests[it.Edition], minEditionRest), maxEditionRest)
		d.rests[it.Edition] = rest
		d.rested[it.Edition] = time.Now().Add(rest)
		d.mu.Unlock()
		d.queue.drop(func(other *item) bool { return other.Edition == it.Edition })
		d.sweepAgain()
	}
}

// restedEditions are those that are not to be read at present.
func (d *driver) restedEditions() []int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := []int64{}
	for id, until := range d.rested {
		if time.Now().Before(until) {
			ids = append(ids, id)
		}
	}
	return ids
}

// pauseEdition stops an edition until a person resumes it, and tells the owners.
func (d *driver) pauseEdition(id int64, reason locale.Message, t Trouble) error {
	err := postgres.InTx(d.books, d.s.DB, func(tx pgx.Tx) error {
		var newsletter string
		err := tx.QueryRow(d.books, sqlEditionPause, pgx.StrictNamedArgs{"edition": id, "reason": reason}).Scan(&t.NewsletterID, &newsletter)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil // another worker or a person was first
		}
		if err != nil {
			return err
		}
		if t.Name == "" {
			t.Name = newsletter
		}
		d.s.AlertOwners(d.books, tx, t)
		return nil
	})
	d.queue.drop(func(it *item) bool { return it.Edition == id })
	d.sweepAgain()
	return err
}
