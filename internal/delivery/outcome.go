package delivery

import (
	"time"

	"vistka/internal/mailer"
)

// outcome turns a verdict on one message into what is recorded of it. early
// says that the attempt was not committed: the reply came before the dot. tries
// counts this one.
func outcome(n Next, r mailer.Reply, v mailer.Verdict, early bool, tries int, now time.Time, doubtWait time.Duration) Outcome {
	o := Outcome{Key: n.Key, Hash: n.Hash, Early: early, Reply: r.String(), Stage: string(r.Stage), Code: r.Code}
	if early {
		o.Tries, o.Had = 1, tries-1
	}
	switch v.Action {
	case mailer.Accepted:
		o.State, o.Stage = Sent, "" // a plain 250 needs no attempt row
	case mailer.InDoubt:
		o.State, o.DueAt = Doubtful, after(now, doubtWait)
		o.Reply = "no complete answer after the final dot"
	case mailer.Fail:
		o.State, o.Charge = Failed, v.Charge
	default: // Retry, and what else could not be settled by another connection
		o.State, o.Charge = Failed, v.Charge
		if wait, ok := retryAfter(tries); ok {
			if v.Slow {
				wait = max(wait, slowRetry)
			}
			o.State, o.DueAt, o.Charge = Deferred, after(now, wait), mailer.ChargeNone
		}
	}
	return o
}

func (d *driver) outcome(it *item, r mailer.Reply, v mailer.Verdict, early bool) Outcome {
	return outcome(it.next(), r, v, early, it.tries+1, d.s.Clock.Now(), d.s.InDoubtWait)
}

// unsent takes back an attempt that was, or may have been, committed though its
// dot was never written: it is due again at once.
func unsent(k Key, now time.Time) Outcome {
	return Outcome{Key: k, State: Deferred, Tries: -1, DueAt: after(now, 0)}
}

// poisoned is a message that could not even be made.
func poisoned(k Key, had int, err error) Outcome {
	return Outcome{Key: k, Early: true, Had: had, State: Failed, Tries: 1, Reply: mailer.CleanReply("not sent: " + err.Error()), Stage: "compose"}
}

func after(now time.Time, wait time.Duration) *time.Time {
	t := now.Add(wait)
	return &t
}
