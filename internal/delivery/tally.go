package delivery

import (
	"strconv"
	"sync/atomic"

	"vistka/internal/locale"
	"vistka/internal/mailer"
)

// counts are of an edition's final answers.
type counts struct{ finals, policy, gone int }

// tally counts an edition's final answers in this tenure; see judge.
type tally struct {
	counts
	closed bool        // it has led to a pause
	halted atomic.Bool // which is being made: nothing more is taken meanwhile
}

// When an edition is stopped and a person asked (D24): more than 5 % of its
// answers refuse us or the content, or more than 2 % of the first 200 readers,
// later 5 % of all, do not exist: a relay that begins to say so of everybody
// would cost us the readers. The least numbers keep a handful of bad addresses
// in a small newsletter from stopping it.
const (
	leastPolicy = 10
	firstFinals = 200
	leastGone   = 5
)

// verdict is why the edition is to stop, or nil.
func (t counts) verdict() *locale.Message {
	switch {
	case t.policy >= leastPolicy && t.policy*20 > t.finals:
		return &locale.Message{Key: "edition.reason.policy", N: t.policy, Of: t.finals}
	case t.finals <= firstFinals && t.gone >= leastGone && t.gone*50 > firstFinals:
		return &locale.Message{Key: "edition.reason.gone_first", N: t.gone, Of: t.finals}
	case t.gone >= leastPolicy && t.gone*20 > t.finals:
		return &locale.Message{Key: "edition.reason.gone", N: t.gone, Of: t.finals}
	}
	return nil
}

// tally is where the answers to an edition's mails count that are read now.
func (d *driver) tally(edition int64) *tally {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tallies[edition]
	if t == nil {
		t = &tally{}
		d.tallies[edition] = t
	}
	return t
}

// judge counts a final answer and stops the edition if too many are bad. What is
// on the wire by then is answered as badly and counts no more: a person who
// resumes the edition at once is not to see it paused by answers of before.
func (d *driver) judge(it *item, v mailer.Verdict, r mailer.Reply) {
	if it.Notice != 0 || v.Action != mailer.Accepted && v.Action != mailer.Fail {
		return
	}
	t := it.tally
	d.mu.Lock()
	if t.closed {
		d.mu.Unlock()
		return
	}
	t.finals++
	if v.Policy {
		t.policy++
	}
	if v.Charge == mailer.ChargeHard || v.Charge == mailer.ChargeGone {
		t.gone++
	}
	var reason *locale.Message
	if v.Action == mailer.Fail {
		reason = t.verdict()
	}
	t.closed = reason != nil
	t.halted.Store(t.closed)
	d.mu.Unlock()
	if reason == nil {
		return
	}
	reason.Name = r.String()
	d.log.Error("edition paused", "edition", it.Edition, "reason", reason.Key, "refused", reason.N, "of", reason.Of, "reply", reason.Name)
	trouble := Trouble{Cause: CauseEditionPaused, Object: strconv.FormatInt(it.Edition, 10), Reason: reason}
	if err := d.pauseEdition(it.Edition, *reason, trouble); err != nil {
		d.log.Error("edition cannot be paused", "edition", it.Edition, "error", err)
	}
	d.mu.Lock()
	if d.tallies[it.Edition] == t {
		delete(d.tallies, it.Edition) // resumed by a person, it gets the same patience again
	}
	d.mu.Unlock()
	t.halted.Store(false)
	d.queue.stir()
}
