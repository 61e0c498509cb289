package article

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// recorded keeps the jobs that would be queued.
type recorded struct {
	jobs []river.JobArgs
	opts *river.InsertOpts // of the last
}

func (r *recorded) InsertTx(_ context.Context, _ pgx.Tx, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	r.opts = opts
	r.jobs = append(r.jobs, args)
	return &rivertype.JobInsertResult{}, nil
}

func TestPingReadsTheSitesFeeds(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1))
	for _, row := range []struct {
		address string
		jobs    int
	}{
		{f.URL + "/feed", 1},
		{f.URL + "/news/1?utm_source=ping", 1},
		{f.URL + ".elsewhere.example/feed", 0},
		{"https://stranger.example/", 0},
		{"not an address", 0},
		{"", 0},
	} {
		queue := &recorded{}
		f.Jobs = queue
		f.must(f.Ping(f.ctx, row.address))
		if len(queue.jobs) != row.jobs {
			t.Errorf("ping %q: %d jobs, want %d", row.address, len(queue.jobs), row.jobs)
		}
	}
}

// A feed that was paused or removed since the ping is nothing to try again.
func TestPingedFeedThatIsNoLongerPolled(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1))
	queue := &recorded{}
	f.Jobs = queue
	f.must(f.Ping(f.ctx, f.URL+"/feed"))
	if queue.opts == nil || queue.opts.MaxAttempts != 3 {
		t.Errorf("queued with %+v", queue.opts)
	}
	w := &pollWorker{s: f.Service}
	work := func(feedID int64) {
		t.Helper()
		if err := w.Work(f.ctx, &river.Job[PollArgs]{Args: PollArgs{FeedID: feedID}}); err != nil {
			t.Errorf("feed %d: %v", feedID, err)
		}
	}
	f.must(f.PauseFeed(f.ctx, f.feedID))
	work(f.feedID)
	work(f.feedID + 99)
}
