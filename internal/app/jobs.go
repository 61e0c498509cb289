package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"vistka/internal/postgres"
)

// Pace of the job queue. Promises in seconds rest on its notifications; the
// poll is for those that get lost.
const (
	jobWorkers      = 16
	jobCooldown     = 20 * time.Millisecond
	jobPoll         = time.Second
	jobsStopTimeout = 15 * time.Second
	// jobRescue is when a job counts as lost with the process that ran it, and is
	// begun again.
	jobRescue = 90 * time.Second
)

func (a *App) newJobs(pool *pgxpool.Pool) (*river.Client[pgx.Tx], error) {
	workers := river.NewWorkers()
	a.Articles.AddWorkers(workers)
	a.Subscribers.AddWorkers(workers)
	a.Editions.AddWorkers(workers)
	a.Deliveries.AddWorkers(workers)
	a.Hotline.AddWorkers(workers)
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Schema:            postgres.RiverSchema,
		Logger:            slog.New(warnings{a.log.Handler()}),
		Workers:           workers,
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: jobWorkers}},
		FetchCooldown:     jobCooldown,
		FetchPollInterval: jobPoll,
		PeriodicJobs:      periodicJobs(),

		RescueStuckJobsAfter: jobRescue,
	})
	if err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	return client, nil
}

// runJobs works the queue until ctx ends, then lets what runs finish, then
// cancels it: every job may be begun again.
func (a *App) runJobs(ctx context.Context) error {
	jobs := a.jobs
	if a.Config.DatabaseDirectURL != "" { // behind a pooler notifications would be lost
		pool, err := postgres.Open(ctx, a.Config.DatabaseDirectURL)
		if err != nil {
			return databaseError(directSetting, err)
		}
		defer pool.Close()
		if jobs, err = a.newJobs(pool); err != nil {
			return err
		}
	}
	if err := jobs.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start job queue: %w", err)
	}
	<-ctx.Done()
	soft, cancel := context.WithTimeout(context.Background(), jobsStopTimeout)
	defer cancel()
	if err := jobs.Stop(soft); err != nil {
		hard, cancel := context.WithTimeout(context.Background(), jobsStopTimeout)
		defer cancel()
		return errors.Join(err, jobs.StopAndCancel(hard))
	}
	return nil
}

// warnings passes on what a person should look at: the queue tells at every
// turn how many jobs it ran, and the jobs write lines of their own.
type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
