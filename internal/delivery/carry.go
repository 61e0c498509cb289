package delivery

import (
	"errors"
	"fmt"

	"vistka/internal/locale"
	"vistka/internal/mailer"
)

// maxLosses is how many connections may break under one message before it goes
// back into the schedule.
const maxLosses = 3

// carry sends a letter and, while the connection lasts and more is waiting,
// those after it: each is opened in the write that ends the one before. The dot
// waits for the commit of the attempt; the letter behind is made meanwhile.
func (w *worker) carry(l *letter) {
	d := w.d
	fresh, ahead := w.used == 0, false
	opened := w.conn.Open(&l.Message)
	for {
		w.used++
		if !opened.Opened() {
			w.dropDead()
			w.unopened(l, opened, fresh)
			return
		}
		if ahead && (d.soft.Err() != nil || d.breaker.isOpen()) { // asked for before that was known
			w.conn.Close() // leaves nothing at the relay
			w.dropDead()
			d.putBack(l.item)
			return
		}
		w.ask(l)
		next := w.following()
		granted, err := w.answer()
		if granted && d.lost.Load() { // another may have taken it over while the next was made
			granted, err = false, ErrLost
		}
		if !granted {
			w.conn.Close() // leaves nothing at the relay
			w.dropDead()
			w.held(l, err)
			d.putBackLetter(next)
			return
		}
		if d.s.at("attempt") != nil {
			d.die()
			return
		}
		d.meter.inFlight.Inc()
		final, then := w.conn.Finish(&l.Message, next.onWire())
		d.meter.inFlight.Dec()
		w.dropDead()
		if d.s.at("reply") != nil {
			d.die()
			return
		}
		w.finished(l, final)
		if next == nil {
			return
		}
		l, opened, fresh, ahead = next, then, false, true
	}
}

func (l *letter) onWire() *mailer.Message {
	if l == nil {
		return nil
	}
	return &l.Message
}

// following makes the letter that may be opened while this one ends; nil where
// there is none now, or the connection is to be left.
func (w *worker) following() *letter {
	d := w.d
	if w.probe || d.soft.Err() != nil || w.retires() || d.breaker.isOpen() {
		return nil
	}
	for {
		it, _ := d.queue.take(d.may)
		if it == nil {
			return nil
		}
		if !d.pace.now() {
			d.putBack(it)
			return nil
		}
		if l := w.compose(it); l != nil {
			return l
		}
	}
}

// dropDead forgets the connection if the last exchange closed it.
func (w *worker) dropDead() {
	if w.conn != nil && !w.conn.Alive() {
		w.gone()
	}
}

// unopened decides what becomes of a message whose envelope was not accepted:
// the relay has nothing and no attempt was committed.
func (w *worker) unopened(l *letter, a mailer.Answer, fresh bool) {
	d, it := w.d, l.item
	v := mailer.Classify(a.Reply)
	d.release(it, false)
	w.slow(it, v)
	if !a.Local {
		d.meter.answer(a.Reply)
		if v.Action != mailer.PauseAll && v.Action != mailer.Reconnect {
			w.relayFine()
		}
	}
	switch v.Action {
	case mailer.PauseAll:
		w.relayFailed(cause(a))
		d.queue.back(it)
	case mailer.RefusedUs:
		w.refused(l, a.Reply)
	case mailer.Reconnect:
		w.reconnect(it, a, v, fresh)
	default:
		w.settle(d.outcome(it, a.Reply, v, true))
		d.judge(it, v, a.Reply)
	}
}

// finished decides what becomes of a message whose attempt is committed.
func (w *worker) finished(l *letter, a mailer.Answer) {
	d, it := w.d, l.item
	d.meter.answer(a.Reply)
	v := mailer.Classify(a.Reply)
	d.release(it, v.Action == mailer.Accepted)
	w.slow(it, v)
	o := d.outcome(it, a.Reply, v, false)
	switch {
	case v.Action == mailer.InDoubt:
		d.log.Warn("no answer after the final dot: the message is in doubt", "delivery", it.String(), "error", a.Err)
		if d.hard.Err() == nil {
			w.relayFailed(a.Err) // or the whole queue would end in doubt, one connection after another
		}
	case v.Action == mailer.Reconnect: // the body was cut: the relay has nothing
		o.Reply = mailer.CleanReply(a.Err.Error())
		if d.hard.Err() == nil {
			w.relayFailed(a.Err)
		}
		if it.losses++; it.losses < maxLosses {
			o.State, o.DueAt = Deferred, after(d.s.Clock.Now(), d.breaker.backoff.Min)
		}
	default:
		w.relayFine()
	}
	w.settle(o)
	d.judge(it, v, a.Reply)
}

// slow leaves a provider alone that asked for less.
func (w *worker) slow(it *item, v mailer.Verdict) {
	if v.Slow && it.Notice == 0 {
		w.d.providers.rest(it.provider, w.d.s.Clock.Now())
		w.d.queue.drop(func(other *item) bool { return other.provider == it.provider })
	}
}

// held deals with a message whose dot was not allowed.
func (w *worker) held(l *letter, err error) {
	d := w.d
	d.release(l.item, false)
	switch {
	case err == nil: // not granted, though the relay was ready for it: the ledger settled it, or its edition was paused
		d.leave(l.Key)
		w.relayFine()
	case errors.Is(err, ErrLost):
		d.lose()
		d.queue.done(l.Key)
	default: // unknown whether the attempt is committed; that nothing was sent is known
		d.log.Warn("attempt could not be recorded: nothing was sent", "delivery", l.String(), "error", err)
		w.settle(unsent(l.Key, d.s.Clock.Now()))
	}
}

// refused: the relay does not take this sender. The edition stops with that as
// its reason, nobody is charged, and mail of other senders goes on: the relay is
// well. Where a notice was refused there is no edition to say it at, so it stands
// beside the relay until that takes a mail.
func (w *worker) refused(l *letter, r mailer.Reply) {
	d, it := w.d, l.item
	d.log.Error("the relay refuses our sender", "delivery", it.String(), "reply", r.String())
	if it.Notice != 0 {
		d.say(d.state(), "refuses our sender: "+r.String())
		d.alertSender(l.From, r)
		w.settle(d.outcome(it, r, mailer.Verdict{Action: mailer.Retry}, true))
		return
	}
	reason := locale.Message{Key: "edition.reason.sender_refused", Name: l.From + ": " + r.String()}
	if err := d.pauseEdition(it.Edition, reason, senderRefused(l.From, r)); err != nil {
		d.log.Error("edition cannot be paused", "edition", it.Edition, "error", err)
	}
	d.leave(it.Key)
}

// reconnect: the connection went away before the body. On one that had served
// others that is normal (D23), on a fresh one the relay is at fault. The same
// message goes again; one under which connections keep breaking after MAIL goes
// back into the schedule, lest it keep the others waiting.
func (w *worker) reconnect(it *item, a mailer.Answer, v mailer.Verdict, fresh bool) {
	d := w.d
	if fresh {
		w.relayFailed(cause(a))
	}
	if a.Stage == mailer.StageMail {
		d.queue.back(it)
		return
	}
	if it.losses++; it.losses < maxLosses {
		d.queue.back(it)
		return
	}
	if a.Text == "" && a.Err != nil {
		a.Text = mailer.CleanReply(a.Err.Error())
	}
	w.settle(d.outcome(it, a.Reply, v, true))
}

func cause(a mailer.Answer) error {
	if a.Err != nil {
		return a.Err
	}
	return fmt.Errorf("%s: %s", a.Stage, a.Reply)
}

// settled: the outcome is committed. Its edition may be done with; a message
// taken back may lie behind the cursor.
func (d *driver) settled(o Outcome) {
	d.queue.done(o.Key)
	if o.Tries < 0 {
		d.sweepAgain()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.cursors[o.Edition]; c != nil {
		c.check = true
	}
}

// putBack returns an item that was not tried.
func (d *driver) putBack(it *item) {
	d.release(it, false)
	d.queue.back(it)
}

// leave forgets a message that may be waiting still. A page that was read while
// it was in hand passed it by, hence another reading.
func (d *driver) leave(k Key) {
	d.queue.done(k)
	d.sweepAgain()
}

func (d *driver) putBackLetter(l *letter) {
	if l != nil {
		d.putBack(l.item)
	}
}
