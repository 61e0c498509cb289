package delivery

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	poll       = time.Second     // how long a lost notification can delay a mail
	sweepEvery = 5 * time.Minute // how long a row behind the cursor can wait, if nothing announced it
	page       = 500             // rows read at once
)

// cursor is how far an open edition has been read, by reader's id.
type cursor struct {
	month time.Time
	after int64     // 0: at the beginning
	asked int       // how often something may have been added
	begun int       // what asked was when the reading under way, or the last one, began
	swept time.Time // when the end was last reached
	check bool      // something was settled since the edition was last looked at
}

// due says whether there may be more to read.
func (c *cursor) due() bool {
	return c.after > 0 || c.begun != c.asked || time.Since(c.swept) > sweepEvery
}

// feed fills the queue: woken by a notification, by workers that have little
// left, and each second. In a crowd of sign-ups each rings for its notice, which
// must not have the editions read each time.
func (d *driver) feed() {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	fill := d.fill
	for {
		if err := fill(); err != nil && d.soft.Err() == nil {
			d.log.Error("queue cannot be read", "error", err)
			if !sleep(d.soft, poll) {
				return
			}
		}
		fill = d.fill
		low := d.queue.low
		if d.idle() { // nothing is left to read: wait for news
			low = nil
		}
		select {
		case <-d.soft.Done():
			return
		case <-d.bell.news:
			d.news()
		case <-d.bell.notice:
			fill = d.fillFirst
		case <-low:
		case <-tick.C:
		}
	}
}

// news: something is to be sent, or another relay is better or worse off.
func (d *driver) news() {
	d.rank()
	d.sweepAgain()
}

// idle says whether the notices and every open edition have been read to their
// end.
func (d *driver) idle() bool {
	if d.moreNotices {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.cursors {
		if c.due() {
			return false
		}
	}
	return true
}

// sweepAgain has every open edition read from its first reader again.
func (d *driver) sweepAgain() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.cursors {
		c.asked++
		c.check = true
	}
}

// goOn says whether anything is to be read. While sending is stopped what was
// read is forgotten; after a failover the tenure ends, and the next one begins
// with what is known.
func (d *driver) goOn() (bool, error) {
	may, err := MaySend(d.soft, d.s.DB)
	if err != nil {
		return false, err
	}
	if !may {
		d.empty()
		return false, nil
	}
	failed, err := d.failedOver(d.soft)
	if err != nil {
		return false, err
	}
	if failed {
		d.stop()
	}
	return !failed, nil
}

// fillFirst reads the notices alone.
func (d *driver) fillFirst() error {
	if on, err := d.goOn(); !on {
		return err
	}
	return d.fillNotices()
}

func (d *driver) fill() error {
	if on, err := d.goOn(); !on {
		return err
	}
	d.lookAtBudget()
	// What was left out while a provider rested lies behind the cursors.
	resting := d.providers.resting(d.s.Clock.Now())
	if slices.ContainsFunc(d.resting, func(id int64) bool { return !slices.Contains(resting, id) }) {
		d.sweepAgain()
	}
	d.resting = resting
	if err := d.fillNotices(); err != nil {
		return err
	}
	if err := d.fillDue(); err != nil {
		return err
	}
	return d.fillQueued()
}

// lookAtBudget says when the day's limit is used up, and when a new day begins.
func (d *driver) lookAtBudget() {
	spent := d.budget.spent(d.s.Clock.Now())
	if spent == d.wasSpent {
		return
	}
	d.wasSpent = spent
	d.log.Info("relay's daily limit", "limit", d.budget.limit, "spent", spent)
	if !d.breaker.isOpen() {
		d.say(d.state(), "")
	}
	d.queue.stir()
}

// empty forgets what was read: it is read anew when sending starts again.
func (d *driver) empty() {
	d.follow(nil)
	d.queue.clear()
}

func (d *driver) fillNotices() error {
	if d.queue.waitingNotices() >= page {
		return nil
	}
	args := d.shareArgs()
	delete(args, "resting")
	args["busy"], args["limit"] = d.queue.busyNotices(), page
	rows, err := d.s.DB.Query(d.soft, sqlFeedNotices, args)
	if err != nil {
		return fmt.Errorf("read notices: %w", err)
	}
	var id int64
	read := 0
	_, err = pgx.ForEachRow(rows, []any{&id}, func() error {
		read++
		d.queue.add(&item{Key: Key{Notice: id}})
		return nil
	})
	if err != nil {
		return fmt.Errorf("read notices: %w", err)
	}
	d.moreNotices = read == page
	return nil
}

func (d *driver) fillDue() error {
	if d.queue.room() <= 0 {
		return nil
	}
	args := d.shareArgs()
	args["rested"], args["limit"] = d.restedEditions(), page
	if _, _, err := d.read(sqlFeedDue, args); err != nil {
		return fmt.Errorf("read due deliveries: %w", err)
	}
	return nil
}

// fillQueued reads one page of each open edition in turn, so that a large one
// does not keep the others waiting.
func (d *driver) fillQueued() error {
	rows, err := d.s.DB.Query(d.soft, sqlFeedEditions)
	if err != nil {
		return fmt.Errorf("read open editions: %w", err)
	}
	open := map[int64]time.Time{}
	var order []int64
	var id int64
	var month time.Time
	if _, err = pgx.ForEachRow(rows, []any{&id, &month}, func() error {
		open[id], order = month, append(order, id)
		return nil
	}); err != nil {
		return fmt.Errorf("read open editions: %w", err)
	}
	d.follow(open)
	from, _ := slices.BinarySearch(order, d.turn+1)
	for i := range order {
		id := order[(from+i)%len(order)]
		if err := d.fillEdition(id); err != nil {
			return err
		}
	}
	return nil
}

// follow keeps a cursor for each open edition and forgets the others.
func (d *driver) follow(open map[int64]time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id := range d.cursors {
		if _, ok := open[id]; !ok {
			delete(d.cursors, id)
			delete(d.editions, id)
			delete(d.tallies, id)
			delete(d.rested, id)
			d.queue.drop(func(it *item) bool { return it.Edition == id }) // or each is opened at the relay in vain
		}
	}
	for id, month := range open {
		if d.cursors[id] == nil {
			d.cursors[id] = &cursor{month: month, asked: 1, check: true}
		}
	}
}

// fillEdition reads on in an edition, or settles it when nothing is left of it.
func (d *driver) fillEdition(id int64) error {
	d.mu.Lock()
	c := d.cursors[id]
	rests, due, check := time.Now().Before(d.rested[id]), c.due(), c.check
	d.mu.Unlock()
	switch {
	case rests:
		return nil
	case due && d.queue.room() > 0:
		return d.readOn(id, c)
	case !due && check && !d.queue.editionBusy(id):
		return d.settle(id, c)
	}
	return nil
}

// readOn reads an edition's next page.
func (d *driver) readOn(id int64, c *cursor) error {
	args := d.shareArgs()
	args["edition"], args["limit"] = id, page
	d.mu.Lock()
	if c.after == 0 {
		c.begun = c.asked
	}
	args["month"], args["after"] = c.month, c.after
	d.mu.Unlock()
	n, last, err := d.read(sqlFeedQueued, args)
	if err != nil {
		return fmt.Errorf("read edition %d: %w", id, err)
	}
	d.turn = id
	d.mu.Lock()
	defer d.mu.Unlock()
	c.after, c.check = last, true
	if n < page {
		c.after, c.swept = 0, time.Now()
	}
	return nil
}

func (d *driver) settle(id int64, c *cursor) error {
	settled, err := d.settleEdition(id)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c.check = false
	if settled {
		delete(d.tallies, id)
	}
	return nil
}

// read queues the willing of a page and settles the others, who left, paused or
// were suppressed since the page was made, without troubling the relay.
func (d *driver) read(sql string, args pgx.StrictNamedArgs) (n int, last int64, err error) {
	var unwilling []Key
	var it item
	var willing bool
	batch := &pgx.Batch{} // one transaction, so that sqlByIndex is for it alone
	batch.Queue(sqlByIndex)
	batch.Queue(sql, args).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&it.Month, &it.Edition, &it.Subscriber, &it.provider, &it.tries, &it.address, &it.hash, &willing}, func() error {
			n, last = n+1, it.Subscriber
			if !willing {
				unwilling = append(unwilling, it.Key)
				return nil
			}
			own := it
			own.tally = d.tally(it.Edition)
			d.queue.add(&own)
			return nil
		})
		return err
	})
	err = d.s.DB.SendBatch(d.soft, batch).Close()
	if err != nil || len(unwilling) == 0 {
		return n, last, err
	}
	err = d.ledger.whyDeliveries(d.soft, unwilling, map[Key]bool{})
	if errors.Is(err, ErrLost) {
		d.lose()
		return n, last, nil
	}
	return n, last, err
}

func (d *driver) shareArgs() pgx.StrictNamedArgs {
	now := d.s.Clock.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	return pgx.StrictNamedArgs{"now": now, "resting": d.providers.resting(now), "shares": d.shares, "share": d.share}
}

// settleEdition closes an edition of which nothing is left to do. A fan-out
// that is adding readers holds the row: then later.
func (d *driver) settleEdition(id int64) (settled bool, err error) {
	err = pgx.BeginFunc(d.soft, d.s.DB, func(tx pgx.Tx) error {
		var month time.Time
		err := tx.QueryRow(d.soft, sqlEditionLock, pgx.StrictNamedArgs{"edition": id}).Scan(&month)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		tag, err := tx.Exec(d.soft, sqlEditionSettle, pgx.StrictNamedArgs{"edition": id, "month": month})
		settled = tag.RowsAffected() == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("settle edition %d: %w", id, err)
	}
	return settled, nil
}
