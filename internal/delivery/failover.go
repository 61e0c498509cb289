package delivery

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// recentMails is how many accepted messages a driver remembers: a megabyte and
// a half, and more than go out while an asynchronous replica lags.
const recentMails = 1 << 16

// recent is what the relay accepted lately and the database has recorded: a
// replica that is promoted may not know it.
type recent struct {
	ring []accepted
	next int
}

// accepted is a Key without its month, which the edition tells as well: half of
// the room.
type accepted struct{ notice, edition, subscriber int64 }

func (r *recent) add(outcomes []Outcome) {
	for _, o := range outcomes {
		a := accepted{o.Notice, o.Edition, o.Subscriber}
		switch {
		case o.State != Sent:
		case len(r.ring) < recentMails:
			r.ring = append(r.ring, a)
		default:
			r.ring[r.next] = a
			r.next = (r.next + 1) % recentMails
		}
	}
}

// failedOver says whether another server has taken the database over since the
// driver began. Where the server does not tell timelines it never has.
func (d *driver) failedOver(ctx context.Context) (bool, error) {
	if d.timeline < 0 {
		return false, nil
	}
	ask := d.s.timeline
	if ask == nil {
		ask = func(ctx context.Context) (int64, error) { return postgres.Timeline(ctx, d.s.DB) }
	}
	now, err := ask(ctx)
	switch {
	case err != nil:
		return false, fmt.Errorf("ask whether the database failed over: %w", err)
	case now == 0:
		d.timeline = -1
	case d.timeline == 0:
		d.timeline = now
	}
	return d.timeline > 0 && d.timeline != now, nil
}

// reassert ends a tenure in which the database failed over, before the lease is
// released: what is known to be accepted and is not recorded any more is
// recorded again. What is neither, but was on its way, is put in doubt by the
// next take-over, this process's own one too.
func (d *driver) reassert() {
	ctx, cancel := context.WithTimeout(d.books, booksTime)
	defer cancel()
	for {
		failed, err := d.failedOver(ctx)
		if err == nil && !failed {
			return
		}
		var deliveries, notices int64
		if err == nil {
			deliveries, notices, err = d.recordAgain(ctx)
		}
		if err == nil {
			d.log.Warn("the database failed over", "remembered", len(d.recent.ring), "deliveries recorded again", deliveries, "notices recorded again", notices)
			return
		}
		if !sleep(ctx, 100*time.Millisecond) {
			d.log.Error("what was sent lately cannot be compared with the database: if it failed over, mails may go out again", "remembered", len(d.recent.ring), "error", err)
			return
		}
	}
}

func (d *driver) recordAgain(ctx context.Context) (deliveries, notices int64, err error) {
	ids, editions, subscribers := []int64{}, []int64{}, []int64{}
	for _, a := range d.recent.ring {
		if a.notice != 0 {
			ids = append(ids, a.notice)
		} else {
			editions, subscribers = append(editions, a.edition), append(subscribers, a.subscriber)
		}
	}
	tag, err := d.s.DB.Exec(ctx, sqlSentAgain, pgx.StrictNamedArgs{"editions": editions, "subscribers": subscribers, "now": d.s.Clock.Now()})
	if err != nil {
		return 0, 0, err
	}
	deliveries = tag.RowsAffected()
	tag, err = d.s.DB.Exec(ctx, sqlNoticesSentAgain, pgx.StrictNamedArgs{"ids": ids, "now": d.s.Clock.Now()})
	return deliveries, tag.RowsAffected(), err
}
