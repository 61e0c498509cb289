package guard

import (
	"testing"
	"time"
)

// A failover that lost no more than a replica lags does not lock; a recovery to
// a point in time, which raises the timeline too, does.
func TestFailover(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC)
	const number = 41
	for _, tc := range []struct {
		what         string
		timeline     int64
		heldTimeline int64
		lost         time.Duration
		want         Cause
	}{
		{"failover", 4, 3, 10 * time.Second, ""},
		{"the same timeline", 3, 3, 10 * time.Second, RolledBack},
		{"two timelines on", 5, 3, 10 * time.Second, RolledBack},
		{"an older timeline", 2, 3, 10 * time.Second, RolledBack},
		{"recovery to an hour ago", 4, 3, time.Hour, RolledBack},
		{"timelines unknown", 0, 0, 10 * time.Second, RolledBack},
		{"unknown before", 1, 0, 10 * time.Second, RolledBack},
	} {
		seen := at.Add(-tc.lost)
		got := judge(
			place{System: "1", Database: 5, Timeline: tc.timeline, Machine: "m", File: "9"},
			known{Genuine: true, System: "1", Database: 5, Joined: true, Mark: number, Signature: "B", SignedBefore: "A", Machine: "m", File: "9", SeenAt: &seen},
			mark{Number: number + 1, Signature: "C", Timeline: tc.heldTimeline, At: at},
		)
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.what, got, tc.want)
		}
	}
}
