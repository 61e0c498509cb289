package delivery

import (
	"errors"
	"fmt"
	"time"

	"vistka/internal/mailer"
)

const (
	connMails = 100              // a connection is retired after so many
	connAge   = time.Minute      // or so long: relays and balancers like neither for ever
	shyness   = 5                // times the least back-off
	connIdle  = 10 * time.Second // and closed when there is nothing to send
	patience  = 15 * time.Second // for a database that is away while a relay waits for the dot
	maxLosses = 3                // connections that may break under one message before it goes back into the schedule
)

// worker has one connection to the relay and sends one message after another.
type worker struct {
	d       *driver
	conn    *mailer.Conn
	used    int       // transactions begun on it
	pending []Outcome // of what was sent, to be committed with the next attempt
	buf     []byte
	probe   bool // let through by the open breaker
	shy     bool // refused a connection while others were served: stand back for a while
}

func (w *worker) run() {
	defer w.hangUp()
	for {
		it, ok := w.next()
		if !ok {
			w.flush()
			return
		}
		w.handle(it)
		if w.d.lost.Load() {
			w.flush()
			return
		}
	}
}

// next waits for a message. What is pending is committed before waiting.
func (w *worker) next() (*item, bool) {
	d := w.d
	if w.shy {
		w.shy = false
		w.flush()
		if !sleep(d.soft, shyness*d.breaker.backoff.Min) {
			return nil, false
		}
	}
	if !w.probe {
		if d.breaker.isOpen() {
			w.flush()
		}
		var entered bool
		if w.probe, entered = d.breaker.enter(d.soft); !entered {
			return nil, false
		}
	}
	idle := time.NewTicker(connIdle)
	defer idle.Stop()
	for {
		if d.soft.Err() != nil {
			return nil, false
		}
		it, changed := d.queue.take(d.may)
		if it != nil {
			return it, true
		}
		if len(w.pending) > 0 {
			w.flush()
			continue
		}
		select {
		case <-d.soft.Done():
		case <-changed:
		case <-idle.C:
			w.hangUp()
		}
	}
}

// handle sends one message, as far as it gets.
func (w *worker) handle(it *item) {
	d := w.d
	m, err := w.compose(it)
	if it.Notice != 0 {
		it.tries, it.doubts = m.tries, m.doubts
	}
	var poison *poisonError
	switch {
	case errors.As(err, &poison):
		d.finished(it, false)
		d.log.Error("message cannot be made", "delivery", it.String(), "error", err)
		w.settle(poisoned(it.Key, it.tries, poison.err))
		return
	case errors.Is(err, errGone):
		d.finished(it, false)
		d.queue.done(it.Key)
		return
	case err != nil:
		d.finished(it, false)
		d.restEdition(it, err)
		return
	}
	if d.pace.every > 0 {
		w.flush() // nothing waits for its record while a mail waits for its turn
	}
	if !w.connect() || !d.pace.wait(d.soft) {
		d.finished(it, false)
		d.queue.back(it)
		return
	}
	w.send(it, m)
}

func (w *worker) compose(it *item) (message, error) {
	if it.Notice != 0 {
		m, err := w.d.s.composeNotice(w.d.hard, it.Notice, w.buf)
		w.buf = m.body
		return m, err
	}
	e, err := w.d.edition(it.Edition)
	if err != nil {
		return message{}, err
	}
	m, err := w.d.s.render(e, it, w.buf)
	if err == nil {
		w.buf = m.body
	}
	return m, err
}

// connect makes sure of a connection. Returns false if the relay takes none now.
func (w *worker) connect() bool {
	d := w.d
	if w.conn != nil && (!w.conn.Alive() || w.conn.Sent() >= connMails || w.conn.Age() >= connAge) {
		w.hangUp()
	}
	if w.conn != nil {
		return true
	}
	w.flush() // a dial may take long
	conn, err := mailer.Dial(d.soft, d.config)
	if err == nil {
		w.conn, w.used = conn, 0
		d.live.Add(1)
		return true
	}
	switch {
	case d.soft.Err() != nil:
	case d.live.Load() > 0 && !w.probe:
		// Others are being served: the relay wants fewer connections, not fewer mails.
		d.log.Warn("relay takes no further connection", "error", err)
		w.shy = true
	default:
		w.relayFailed(err)
	}
	return false
}

// send drives one transaction and decides what its reply means.
func (w *worker) send(it *item, m message) {
	d := w.d
	fresh := w.used == 0
	w.used++
	committed := false
	var recordErr error
	reply, err := w.conn.Send(d.hard, m.envelope, m.body, func() error {
		var granted []bool
		granted, recordErr = d.record(w.pending, []Next{{Key: it.Key, Hash: m.hash}})
		if recordErr != nil {
			return recordErr
		}
		w.committed()
		if !granted[0] {
			return errNotGranted
		}
		committed = true
		return d.s.at("attempt")
	})
	if !w.conn.Alive() {
		w.gone()
	}
	if diesHere(err) || d.s.at("reply") != nil {
		d.die()
		return
	}
	v := mailer.Classify(reply)
	d.finished(it, v.Action == mailer.Accepted)
	if v.Slow && it.Notice == 0 {
		d.providers.rest(it.provider, d.s.Clock.Now())
		d.queue.drop(func(other *item) bool { return other.provider == it.provider })
	}
	if errors.Is(err, mailer.ErrHeld) {
		w.held(it, recordErr)
		return
	}
	if v.Action != mailer.PauseAll && v.Action != mailer.InDoubt && (v.Action != mailer.Reconnect || reply.Stage != mailer.StageMail) {
		w.relayFine()
	}
	switch v.Action {
	case mailer.PauseAll:
		w.relayFailed(fmt.Errorf("%s: %s", reply.Stage, reply))
		d.queue.back(it)
	case mailer.RefusedUs:
		w.refused(it, reply, v)
	case mailer.Reconnect:
		w.reconnect(it, reply, v, fresh, err)
	default:
		o := outcome(it.Key, reply, v, !committed, it.tries+1, d.s.Clock.Now(), d.s.InDoubtWait)
		if v.Action == mailer.InDoubt {
			d.log.Warn("no answer after the final dot: the message is in doubt", "delivery", it.String(), "error", err)
			if d.hard.Err() == nil {
				w.relayFailed(err) // or the whole queue would end in doubt, one connection after another
			}
		}
		w.settle(o)
		d.judge(it, v, reply)
	}
}

// held deals with a message whose dot was not allowed.
func (w *worker) held(it *item, recordErr error) {
	switch {
	case recordErr == nil: // not granted: the ledger settled it
		w.d.queue.done(it.Key)
	case errors.Is(recordErr, ErrLost):
		w.d.lose()
		w.d.queue.done(it.Key)
	default: // unknown whether the attempt is committed; that nothing was sent is known
		w.d.log.Warn("attempt could not be recorded: nothing was sent", "delivery", it.String(), "error", recordErr)
		w.d.sweepAgain() // if it was not committed, the row lies behind the cursor
		w.settle(unsent(it.Key, w.d.s.Clock.Now()))
	}
}

// refused: the relay does not take our sender. The edition stops, nobody is charged.
func (w *worker) refused(it *item, r mailer.Reply, v mailer.Verdict) {
	d := w.d
	d.log.Error("the relay refuses our sender", "delivery", it.String(), "reply", r.String())
	d.problem(true, "refuses our sender: "+r.String())
	if it.Notice != 0 {
		w.settle(outcome(it.Key, r, mailer.Verdict{Action: mailer.Retry}, true, it.tries+1, d.s.Clock.Now(), d.s.InDoubtWait))
		return
	}
	if err := d.pauseEdition(it.Edition, "the relay refuses the sender: "+r.String()); err != nil {
		d.log.Error("edition cannot be paused", "edition", it.Edition, "error", err)
	}
	d.queue.done(it.Key)
}

// reconnect: the connection went away before the dot. On one that had served
// others that is normal (D23). On a fresh one before MAIL was answered the
// relay is at fault. Otherwise the same message goes again; one under which
// connections keep breaking goes back into the schedule.
func (w *worker) reconnect(it *item, r mailer.Reply, v mailer.Verdict, fresh bool, err error) {
	d := w.d
	if fresh && r.Stage == mailer.StageMail {
		w.relayFailed(err)
		d.queue.back(it)
		return
	}
	if !fresh && r.Stage == mailer.StageMail {
		d.queue.back(it)
		return
	}
	if it.losses++; it.losses < maxLosses {
		d.queue.back(it)
		return
	}
	if r.Text == "" && err != nil {
		r.Text = mailer.CleanReply(err.Error())
	}
	w.settle(outcome(it.Key, r, v, true, it.tries+1, d.s.Clock.Now(), d.s.InDoubtWait))
}

// settle keeps an outcome to be committed with the next attempt.
func (w *worker) settle(o Outcome) { w.pending = append(w.pending, o) }

// committed forgets what has been recorded.
func (w *worker) committed() {
	for _, o := range w.pending {
		w.d.queue.done(o.Key)
	}
	w.pending = w.pending[:0]
}

// flush commits what is pending. It does not give up while the driver may use
// the database: an outcome that gets lost is a message in doubt.
func (w *worker) flush() {
	for len(w.pending) > 0 {
		_, err := w.d.record(w.pending, nil)
		if err == nil {
			w.committed()
			return
		}
		if errors.Is(err, ErrLost) {
			return
		}
		w.d.log.Error("outcomes cannot be recorded yet", "count", len(w.pending), "error", err)
		if !sleep(w.d.books, time.Second) {
			return
		}
	}
}

func (w *worker) hangUp() {
	if w.conn != nil {
		w.conn.Quit()
		w.gone()
	}
}

func (w *worker) gone() {
	w.conn = nil
	w.d.live.Add(-1)
}

func (w *worker) relayFailed(err error) {
	w.d.relayFailed(w.probe, err)
	w.probe = false
}

func (w *worker) relayFine() {
	w.probe = false
	w.d.relayFine()
}

var (
	errNotGranted = errors.New("not wanted any more")
	errDies       = errors.New("fail point")
)

// diesHere says that a test's fail point struck.
func diesHere(err error) bool { return errors.Is(err, errDies) }

// String names the message in logs, without its address.
func (k Key) String() string {
	if k.Notice != 0 {
		return fmt.Sprintf("notice %d", k.Notice)
	}
	return fmt.Sprintf("%d/%d", k.Edition, k.Subscriber)
}
