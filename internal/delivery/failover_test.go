package delivery

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"vistka/internal/mailer/smtptest"
)

// A replica that is promoted has lost the last rows. What the driver remembers
// of them is recorded again and not sent again; what it does not remember, but
// finds on its way, is in doubt and listed (D12).
func TestFailoverToALaggingReplica(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	var timeline atomic.Int64
	timeline.Store(3)
	w.s.timeline = func(context.Context) (int64, error) { return timeline.Load(), nil }
	w.s.InDoubtWait = time.Hour
	var ids []int64
	for i := range 20 {
		ids = append(ids, w.deliver(fmt.Sprintf("r%d@example.org", i)))
	}
	w.exec(`INSERT INTO notice (kind, locale, address, content, state, due_at, created_at) VALUES ('test', 'en', 'desk@example.org', '{}', 'queued', $1, $1)`, w.clock.Now())
	w.start(w.s)
	w.until("all is sent", func() bool { return w.editionState() == "settled" && w.lab.Journal.Len() == 21 })

	w.exec(`UPDATE sending SET state = 'stopped'`) // the driver reads nothing meanwhile
	timeline.Store(4)
	w.exec(`UPDATE delivery SET state = 'queued', tries = 0, settled_at = NULL WHERE subscriber_id = ANY($1)`, ids[:5])
	w.exec(`UPDATE delivery SET state = 'sending', settled_at = NULL WHERE subscriber_id = ANY($1)`, ids[5:10])
	w.exec(`UPDATE notice SET state = 'queued', settled_at = NULL`)
	w.exec(`UPDATE edition SET state = 'open'`)
	stranger := w.deliver("stranger@example.org") // sent, but by whom is not remembered
	w.exec(`UPDATE delivery SET state = 'sending', relay_id = 1, fence = 1 WHERE subscriber_id = $1`, stranger)
	w.exec(`UPDATE sending SET state = 'on'`)
	w.exec(sqlNotify)

	w.untilState(stranger, Doubtful)
	w.until("what is remembered is recorded again", func() bool {
		return w.count("delivery WHERE state = 'sent'") == len(ids) && w.count("notice WHERE state = 'sent'") == 1
	})
	late := w.deliver("late@example.org") // whatever was read before it has been sent before it
	w.untilState(late, Sent)
	if n := w.lab.Journal.Len(); n != 22 {
		t.Fatalf("%d mails went out, want 22", n)
	}
	if r := w.row(ids[0]); r.Tries != 1 || r.Reply == "" {
		t.Fatalf("%+v", r)
	}
}

// A driver remembers the last so many, not all.
func TestRecentIsBounded(t *testing.T) {
	t.Parallel()
	var r recent
	for i := range int64(recentMails + 3) {
		r.add([]Outcome{{Key: Key{Edition: 1, Subscriber: i}, State: Sent}, {Key: Key{Edition: 2, Subscriber: i}, State: Deferred}})
	}
	if len(r.ring) != recentMails || r.ring[0].subscriber != recentMails || r.ring[3].subscriber != 3 {
		t.Fatalf("%d remembered, first %+v, fourth %+v", len(r.ring), r.ring[0], r.ring[3])
	}
}
