package delivery

import (
	"slices"
	"sync"
)

// item is one message on its way through a driver.
type item struct {
	Key
	provider int64
	tries    int
	placed   bool // among the few its provider takes at present
	address  string
	hash     []byte // of the address; of a notice's once it is composed
	losses   int    // connections that broke under it in this run
	tally    *tally // of its edition; nil for notices
}

// next asks for its attempt.
func (it *item) next() Next { return Next{Key: it.Key, Hash: it.hash} }

// queue is what a driver has read and not yet settled. Notices go first. A key
// stays busy until its outcome is committed, so no row is read twice.
type queue struct {
	mu      sync.Mutex
	notices []*item
	mails   []*item
	busy    map[Key]struct{}
	open    map[int64]int // busy deliveries by edition
	changed chan struct{} // nil while nobody waits for it
	low     chan struct{} // capacity 1: more is wanted
	mark    int           // below so many, more is wanted
}

func newQueue(mark int) *queue {
	return &queue{busy: map[Key]struct{}{}, open: map[int64]int{}, low: make(chan struct{}, 1), mark: mark}
}

// add takes an item unless it is here already.
func (q *queue) add(it *item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.busy[it.Key]; ok {
		return
	}
	q.busy[it.Key] = struct{}{}
	if it.Notice == 0 {
		q.open[it.Edition]++
	}
	q.push(it, false)
}

// back returns an item that was not tried; it is first again.
func (q *queue) back(it *item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.push(it, true)
}

func (q *queue) push(it *item, first bool) {
	list := &q.mails
	if it.Notice != 0 {
		list = &q.notices
	}
	if first {
		*list = slices.Insert(*list, 0, it)
	} else {
		*list = append(*list, it)
	}
	q.wake()
}

// stir wakes who waits: what could not go before may go now.
func (q *queue) stir() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wake()
}

func (q *queue) wake() {
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
}

// take removes the first item that may go now. Without one it returns the
// channel that is closed when the queue changes.
func (q *queue) take(may func(*item) bool) (*item, <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, list := range []*[]*item{&q.notices, &q.mails} {
		for i, it := range *list {
			if !may(it) {
				continue
			}
			*list = slices.Delete(*list, i, i+1)
			q.askMore()
			return it, nil
		}
	}
	q.askMore()
	if q.changed == nil {
		q.changed = make(chan struct{})
	}
	return nil, q.changed
}

func (q *queue) askMore() {
	if len(q.mails) < q.mark {
		select {
		case q.low <- struct{}{}:
		default:
		}
	}
}

// done forgets an item whose outcome is committed.
func (q *queue) done(k Key) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.busy[k]; !ok {
		return
	}
	q.unbusy(k)
	q.wake()
}

func (q *queue) unbusy(k Key) {
	delete(q.busy, k)
	if k.Notice != 0 {
		return
	}
	if q.open[k.Edition]--; q.open[k.Edition] == 0 {
		delete(q.open, k.Edition)
	}
}

// drop forgets the deliveries that wait and match: they are read again when
// they may be sent, and must not keep others from being read.
func (q *queue) drop(match func(*item) bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.mails = slices.DeleteFunc(q.mails, func(it *item) bool {
		if !match(it) {
			return false
		}
		q.unbusy(it.Key)
		return true
	})
	q.askMore()
}

// clear forgets everything that waits. What is with a worker stays busy.
func (q *queue) clear() {
	q.mu.Lock()
	for _, it := range q.notices {
		q.unbusy(it.Key)
	}
	q.notices = nil
	q.mu.Unlock()
	q.drop(func(*item) bool { return true })
}

// room is how many more mails are wanted.
func (q *queue) room() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return 2*q.mark - len(q.mails)
}

func (q *queue) waitingNotices() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.notices)
}

func (q *queue) busyNotices() []int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	ids := []int64{}
	for k := range q.busy {
		if k.Notice != 0 {
			ids = append(ids, k.Notice)
		}
	}
	return ids
}

func (q *queue) editionBusy(edition int64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.open[edition] > 0
}
