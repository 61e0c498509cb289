package edition

import (
	"context"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// AddWorkers registers the jobs of this package.
func (s *Service) AddWorkers(ws *river.Workers) {
	river.AddWorker(ws, &fanOutWorker{s: s})
	river.AddWorker(ws, river.WorkFunc(func(ctx context.Context, _ *river.Job[TickArgs]) error { return s.Tick(ctx) }))
	river.AddWorker(ws, &retainWorker{s: s})
}

// PeriodicJobs are the jobs River inserts by itself: one tick a minute, and each
// day one look at what is kept too long. The first are at start.
func PeriodicJobs() []*river.PeriodicJob {
	return []*river.PeriodicJob{
		river.NewPeriodicJob(
			river.PeriodicInterval(time.Minute),
			func() (river.JobArgs, *river.InsertOpts) { return TickArgs{}, nil },
			&river.PeriodicJobOpts{ID: "edition_tick", RunOnStart: true},
		),
		river.NewPeriodicJob(
			river.PeriodicInterval(24*time.Hour),
			func() (river.JobArgs, *river.InsertOpts) { return RetainArgs{}, nil },
			&river.PeriodicJobOpts{ID: "edition_retain", RunOnStart: true},
		),
	}
}

func unfinished() []rivertype.JobState {
	return []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
		rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}
}

type fanOutWorker struct {
	river.WorkerDefaults[FanOutArgs]
	s *Service
}

// fanOutTimeout is far above a fan-out to millions. There must be one: a job
// without is never rescued from a process that was killed.
const fanOutTimeout = 15 * time.Minute

func (*fanOutWorker) Timeout(*river.Job[FanOutArgs]) time.Duration { return fanOutTimeout }

func (w *fanOutWorker) Work(ctx context.Context, job *river.Job[FanOutArgs]) error {
	start := time.Now()
	r, err := w.s.FanOut(ctx, job.Args.NewsletterID)
	w.s.Log.InfoContext(ctx, "fan-out", "newsletter", job.Args.NewsletterID, "readers", r.Readers,
		"deliveries", r.Deliveries, "skipped", r.Skipped, "took", time.Since(start), "ok", err == nil)
	return err
}
