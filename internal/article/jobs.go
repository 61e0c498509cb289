package article

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"golang.org/x/sync/errgroup"
)

// TickArgs is the job of each minute: poll what is due, release what is due.
type TickArgs struct{}

// Kind names the job in River's tables.
func (TickArgs) Kind() string { return "article_tick" }

// ReleaseArgs is the job at the end of one article's wait. The tick would find
// it too, up to a minute later.
type ReleaseArgs struct {
	ArticleID int64 `json:"article_id"`
}

// Kind names the job in River's tables.
func (ReleaseArgs) Kind() string { return "article_release" }

const (
	tickTimeout = 5 * time.Minute
	tickFeeds   = 50
	tickAtOnce  = 4
)

// Tick does one minute's work. Any number of processes may tick at once.
func (s *Service) Tick(ctx context.Context) error {
	_, first := s.ReleaseDue(ctx) // a slow feed must not keep a finished article waiting
	now := s.Clock.Now()
	rows, err := s.DB.Query(ctx, sqlClaimFeeds, pgx.StrictNamedArgs{"now": now, "until": now.Add(tickTimeout), "limit": tickFeeds})
	if err != nil {
		return errors.Join(first, fmt.Errorf("claim due feeds: %w", err))
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return errors.Join(first, fmt.Errorf("claim due feeds: %w", err))
	}
	errs := make([]error, len(ids))
	var g errgroup.Group
	g.SetLimit(tickAtOnce)
	for i, id := range ids {
		g.Go(func() error {
			if _, err := s.Poll(ctx, id); err != nil && !errors.Is(err, ErrNotActive) {
				errs[i] = err
			}
			return nil
		})
	}
	_ = g.Wait()
	_, last := s.ReleaseDue(ctx)
	return errors.Join(append(errs, first, last)...)
}

// AddWorkers registers the package's workers.
func (s *Service) AddWorkers(ws *river.Workers) {
	river.AddWorker(ws, &tickWorker{s: s})
	river.AddWorker(ws, &releaseWorker{s: s})
	river.AddWorker(ws, &pollWorker{s: s})
}

// PeriodicJobs are for the client's configuration.
func PeriodicJobs() []*river.PeriodicJob {
	return []*river.PeriodicJob{river.NewPeriodicJob(
		river.PeriodicInterval(time.Minute),
		func() (river.JobArgs, *river.InsertOpts) {
			return TickArgs{}, &river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByPeriod: time.Minute}}
		},
		&river.PeriodicJobOpts{ID: "article_tick", RunOnStart: true})}
}

type tickWorker struct {
	river.WorkerDefaults[TickArgs]
	s *Service
}

func (w *tickWorker) Timeout(*river.Job[TickArgs]) time.Duration { return tickTimeout }

func (w *tickWorker) Work(ctx context.Context, _ *river.Job[TickArgs]) error { return w.s.Tick(ctx) }

type releaseWorker struct {
	river.WorkerDefaults[ReleaseArgs]
	s *Service
}

func (w *releaseWorker) Work(ctx context.Context, job *river.Job[ReleaseArgs]) error {
	_, _, err := w.s.releaseBatch(ctx, job.Args.ArticleID)
	return err
}

func (s *Service) schedule(ctx context.Context, tx pgx.Tx, articleID int64, at time.Time) error {
	if _, err := s.Jobs.InsertTx(ctx, tx, ReleaseArgs{ArticleID: articleID}, &river.InsertOpts{ScheduledAt: at}); err != nil {
		return fmt.Errorf("schedule release of article %d: %w", articleID, err)
	}
	return nil
}
