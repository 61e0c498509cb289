package admin

import (
	"testing"
	"time"

	"vistka/internal/locale/localetest"
)

// What is past counts whole units that are over, what is ahead the one that has begun
// too: a promise of 90 days is not 89 a second later.
func TestAgo(t *testing.T) {
	t.Parallel()
	f := frame{L: localetest.Catalog(t).For("en"), Now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]string{
		90*day - time.Second: "in 90 days", 90 * day: "in 90 days", -90*day - time.Hour: "90 days ago",
		3*time.Hour - time.Second: "in 3 hours", -3*time.Hour - time.Second: "3 hours ago", 90 * time.Second: "in 2 minutes",
	} {
		if got := f.Ago(f.Now.Add(d)); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
