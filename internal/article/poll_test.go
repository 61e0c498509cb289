package article

import (
	"testing"
	"time"

	"vistka/internal/feed"
)

func TestIntervalFollowsTheFeed(t *testing.T) {
	t.Parallel()
	dated := func(ages ...time.Duration) (d feed.Document) {
		for _, a := range ages {
			at := start.Add(-a)
			d.Entries = append(d.Entries, feed.Entry{PublishedAt: &at})
		}
		return d
	}
	day := 24 * time.Hour
	for _, row := range []struct {
		name   string
		perDay float64
		doc    feed.Document
		want   time.Duration
	}{
		{"just added, silent", 0, dated(60*day, 90*day), 30 * time.Minute},
		{"just added, one this week", 0, dated(2*day, 60*day), 15 * time.Minute},
		{"just added, one a day", 0, dated(0, day, 2*day, 3*day, 4*day, 5*day, 6*day), 10 * time.Minute},
		{"future dates say nothing", 0, dated(-day, -2*day), 30 * time.Minute},
		{"without dates", 2, feed.Document{Entries: make([]feed.Entry, 3)}, 10 * time.Minute},
		{"busy", 12, dated(day), 5 * time.Minute},
	} {
		if got := interval(usual([]pair{{PerDay: row.perDay}}, row.doc, start)); got != row.want {
			t.Errorf("%s: each %s, want %s", row.name, got, row.want)
		}
	}
}

func TestBackOffGrowsToItsLimit(t *testing.T) {
	t.Parallel()
	last := time.Duration(0)
	for n := 1; n <= 100; n++ {
		got := backOff(n)
		if got < last || got > backOffMax {
			t.Fatalf("after %d failures %s, before %s", n, got, last)
		}
		last = got
	}
	if backOff(1) != quickest || last != backOffMax {
		t.Errorf("from %s to %s", backOff(1), last)
	}
	for range 1000 {
		if j := jitter(time.Hour); j < 54*time.Minute || j > 66*time.Minute {
			t.Fatalf("an hour became %s", j)
		}
	}
}

func TestRetryAfterAndValidators(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1))
	f.pollAgain()
	if f.headers.Get("If-None-Match") == "" {
		t.Error("the second poll was not conditional")
	}
	if f.headers.Get("User-Agent") == "" || f.headers.Get("User-Agent")[:6] != "Vistka" {
		t.Errorf("we ask as %q", f.headers.Get("User-Agent"))
	}
	f.retry = "7200"
	f.serve(429, "later")
	f.pollAgain()
	if wait := f.feed().NextPollAt.Sub(f.Clock.Now()); wait != 2*time.Hour {
		t.Errorf("the next poll is in %s, want the two hours that were asked for", wait)
	}
	asked := f.asked
	f.Clock.Advance(119 * time.Minute)
	f.must(f.Tick(f.ctx))
	if f.asked != asked {
		t.Error("asked before the time")
	}
	f.show(news(1))
	f.Clock.Advance(time.Minute)
	f.must(f.Tick(f.ctx))
	if f.asked != asked+1 || f.feed().Problem != nil {
		t.Errorf("asked %d times after the time, problem %+v", f.asked-asked, f.feed().Problem)
	}
}
