package delivery

import (
	"sync"
	"time"
)

// keptForNotices is the part of a daily limit that editions leave alone: one in
// so many. Who signs up in the evening still gets a confirmation.
const keptForNotices = 10

// budget is what a relay may still be given today (UTC), by its owner's daily
// limit. The relay's row has the count that lasts; with a limit it counts what was
// asked for and not granted as well, so that after a restart less is sent, never more.
type budget struct {
	limit int // 0: none

	mu       sync.Mutex
	day      time.Time
	taken    int // attempts committed on that day
	underWay int // of the limit's places, taken by messages that may become an attempt
}

func day(now time.Time) time.Time { return now.UTC().Truncate(24 * time.Hour) }

// begin takes a place. Returns false if none is left for this kind of message.
func (b *budget) begin(notice bool, now time.Time) bool {
	if b.limit == 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn(now)
	if b.taken+b.underWay >= b.share(notice) {
		return false
	}
	b.underWay++
	return true
}

// end gives the place back: what was committed is counted by spend.
func (b *budget) end() {
	if b.limit == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.underWay--
}

func (b *budget) spend(attempts int, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn(now)
	b.taken += attempts
}

// count is what was committed, and on which day.
func (b *budget) count(now time.Time) (day time.Time, taken int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn(now)
	return b.day, b.taken
}

// spent says that editions get nothing more today.
func (b *budget) spent(now time.Time) bool {
	if b.limit == 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn(now)
	return b.taken >= b.share(false)
}

// share is at least one for editions, however small the limit.
func (b *budget) share(notice bool) int {
	if notice {
		return b.limit
	}
	return max(b.limit-b.limit/keptForNotices, 1)
}

func (b *budget) turn(now time.Time) {
	if today := day(now); today.After(b.day) {
		b.day, b.taken = today, 0
	}
}
