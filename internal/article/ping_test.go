package article

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// recorded keeps the jobs that would be queued.
type recorded struct{ jobs []river.JobArgs }

func (r *recorded) InsertTx(_ context.Context, _ pgx.Tx, args river.JobArgs, _ *river.InsertOpts) (*rivertype.JobInsertResult, error) {
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
