package delivery

import (
	"math/rand/v2"
	"time"
)

// When a message that was refused for the time being is tried again (RFC 5321
// section 4.5.4.1, rule D19): first after 5 minutes, twice as long
// each time up to 4 hours, up to a fifth of jitter on top. News gets stale:
// after maxTries, 49 to 59 hours, it has failed, before its edition expires.
const (
	firstRetry = 5 * time.Minute
	lastRetry  = 4 * time.Hour
	maxTries   = 18
)

// slowRetry is the least a destination is left alone that asked for less (D21).
const slowRetry = 10 * time.Minute

// retryAfter is the wait after the given number of tries, from 1. Returns
// false if there were enough.
func retryAfter(tries int) (time.Duration, bool) {
	if tries >= maxTries {
		return 0, false
	}
	d := lastRetry
	if tries < 7 { // 5 min × 2⁶ is above 4 h
		d = min(firstRetry<<max(tries-1, 0), lastRetry)
	}
	return d + time.Duration(rand.Int64N(int64(d)/5)), true
}
