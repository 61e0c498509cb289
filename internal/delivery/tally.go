package delivery

import (
	"strconv"

	"vistka/internal/locale"
	"vistka/internal/mailer"
)

// tally counts an edition's final answers in this tenure; see judge.
type tally struct{ finals, policy, gone int }

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
func (t tally) verdict() *locale.Message {
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

// judge counts a final answer and stops the edition if too many are bad.
func (d *driver) judge(it *item, v mailer.Verdict, r mailer.Reply) {
	if it.Notice != 0 || v.Action != mailer.Accepted && v.Action != mailer.Fail {
		return
	}
	d.mu.Lock()
	t := d.tallies[it.Edition]
	if t == nil {
		t = &tally{}
		d.tallies[it.Edition] = t
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
	if reason != nil {
		*t = tally{} // resumed by a person, it gets the same patience again
	}
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
}
