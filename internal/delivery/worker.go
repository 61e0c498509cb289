package delivery

import (
	"errors"
	"time"

	"vistka/internal/mailer"
)

const (
	connMails = 100              // a connection is retired after so many
	connAge   = time.Minute      // or so long: relays and balancers like neither for ever
	shyness   = 5                // times the least back-off
	connIdle  = 10 * time.Second // and closed when there is nothing to send
)

// worker has one connection to the relay and sends one message after another.
type worker struct {
	d       *driver
	conn    *mailer.Conn
	uncut   func() bool // takes conn's end with the driver's back
	used    int         // transactions begun on it
	pending []Outcome   // of what was sent, to be committed with the next attempt
	asking  request     // what is with the recorder; its room is used again and again
	letters [2]letter   // the one on the wire and the one behind it
	turn    int
	probe   bool // let through by the open breaker
	shy     bool // refused a connection while others were served: stand back for a while
}

// letter is an item with its message composed.
type letter struct {
	*item
	mailer.Message
}

func (w *worker) run() {
	defer w.hangUp()
	for {
		it, ok := w.next()
		if !ok {
			w.flush()
			return
		}
		// A message is made when the relay is there to take it: a notice's Date and
		// the hours of its links count from then.
		if !w.ready() {
			w.d.putBack(it)
		} else if l := w.compose(it); l != nil {
			w.carry(l)
		}
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
		if it != nil && !w.probe && d.breaker.isOpen() { // since it waited here
			d.putBack(it)
			return w.next()
		}
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

// compose makes an item's message. Returns nil where there is none to send: the
// item is dealt with then.
func (w *worker) compose(it *item) *letter {
	d := w.d
	l := &w.letters[1-w.turn] // the other one is on the wire
	m, err := d.compose(it, l.Body)
	if err == nil {
		w.turn = 1 - w.turn
		l.item, l.Message = it, m
		return l
	}
	d.release(it, false)
	var poison *poisonError
	switch {
	case errors.As(err, &poison):
		d.log.Error("message cannot be made", "delivery", it.String(), "error", err)
		w.settle(poisoned(it.Key, it.tries, poison.err))
	case errors.Is(err, errGone):
		d.queue.done(it.Key)
	default:
		d.restEdition(it, err)
	}
	return nil
}

// ready makes sure of a connection and of a turn. Returns false if the relay
// takes nothing now.
func (w *worker) ready() bool {
	if w.d.pace.every > 0 {
		w.flush() // nothing waits for its record while a mail waits for its turn
	}
	return w.d.pace.wait(w.d.soft) && w.connect()
}

func (w *worker) connect() bool {
	d := w.d
	if w.conn != nil && (!w.conn.Alive() || w.retires()) {
		w.hangUp()
	}
	if w.conn != nil {
		return true
	}
	w.flush() // a dial may take long
	conn, err := mailer.Dial(d.soft, d.config)
	if err == nil {
		w.conn, w.uncut, w.used = conn, conn.CutAt(d.hard), 0
		d.live.Add(1)
		d.meter.connections.Inc()
		return true
	}
	switch {
	case d.soft.Err() != nil:
	case d.live.Load() > 0 && !w.probe && answered(err):
		// Others are being served: the relay wants fewer connections, not fewer mails.
		d.log.Warn("relay takes no further connection", "error", err)
		w.shy = true
	default:
		w.relayFailed(err)
	}
	return false
}

// answered: the relay is there, and said no.
func answered(err error) bool {
	de, ok := errors.AsType[*mailer.DialError](err)
	return ok && de.Code != 0
}

func (w *worker) retires() bool { return w.used >= connMails || w.conn.Age() >= connAge }

func (w *worker) hangUp() {
	if w.conn != nil {
		w.conn.Quit()
		w.gone()
	}
}

// gone forgets a connection that was closed.
func (w *worker) gone() {
	w.uncut()
	w.conn, w.uncut = nil, nil
	w.d.live.Add(-1)
	w.d.meter.connections.Dec()
}

// settle keeps an outcome to be committed with the next attempt.
func (w *worker) settle(o Outcome) { w.pending = append(w.pending, o) }

// flush commits what is pending. It does not give up while the driver may use
// the database: an outcome that gets lost is a message in doubt.
func (w *worker) flush() {
	for len(w.pending) > 0 {
		w.ask(nil)
		_, err := w.answer()
		if err == nil || errors.Is(err, ErrLost) {
			return
		}
		w.d.log.Error("outcomes cannot be recorded yet", "count", len(w.pending), "error", err)
		if !sleep(w.d.books, time.Second) {
			return
		}
	}
}

// ask hands what is pending to the recorder, with the attempt of l if there is
// one; answer waits for its commit. What is settled in between is pending anew.
func (w *worker) ask(l *letter) {
	r := &w.asking
	r.outcomes, w.pending = w.pending, r.outcomes[:0]
	r.attempt = l != nil
	if r.attempt {
		r.next = l.next()
	}
	w.d.recorder.ask(r)
}

// answer says whether the dot may be written. An error leaves it unknown what
// was committed; then all of it is pending still.
func (w *worker) answer() (granted bool, err error) {
	r := &w.asking
	if granted, err = w.d.recorder.answer(r); hopeless(err) {
		w.d.log.Error("outcomes cannot be recorded: what was sent will be in doubt", "outcomes", len(r.outcomes), "error", err)
	} else if err != nil {
		r.outcomes = append(r.outcomes, w.pending...)
		w.pending, r.outcomes = r.outcomes, w.pending[:0]
		return false, err
	}
	for _, o := range r.outcomes {
		w.d.settled(o)
	}
	return granted, err
}

func (w *worker) relayFailed(err error) {
	w.d.relayFailed(w.probe, err)
	w.probe = false
}

func (w *worker) relayFine() {
	w.probe = false
	w.d.relayFine()
}
