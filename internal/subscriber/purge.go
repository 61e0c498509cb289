package subscriber

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"vistka/internal/postgres"
)

// PurgeArgs is the job that forgets what is kept for a time only.
type PurgeArgs struct{}

// Kind names the job in River's tables.
func (PurgeArgs) Kind() string { return "subscriber_purge" }

type purgeWorker struct {
	river.WorkerDefaults[PurgeArgs]
	service *Service
}

// Work is one purge.
func (w *purgeWorker) Work(ctx context.Context, _ *river.Job[PurgeArgs]) error {
	_, err := w.service.Purge(ctx)
	return err
}

// Purge deletes sign-ups 7 days after they expired, of which counts per day
// and article stay, wishes for another address that nobody confirmed, and
// counters of limits that no window needs. It returns
// the number of sign-ups.
func (s *Service) Purge(ctx context.Context) (int64, error) {
	now, purged := s.Clock.Now(), int64(0)
	err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, purgeSignups, pgx.StrictNamedArgs{"before": now.Add(-purgeAfter)}).Scan(&purged)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, purgeChanges, pgx.StrictNamedArgs{"now": now}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, purgeChangeNotices, pgx.StrictNamedArgs{"before": now.Add(-purgeAfter)}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, purgeLimits, pgx.StrictNamedArgs{"before": now.Add(-limitsKept)}); err != nil {
			return err
		}
		for _, sql := range []string{purgeRequests, purgeMailCounts} {
			if _, err := tx.Exec(ctx, sql, pgx.StrictNamedArgs{"before": now.Add(-requestsKept)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("purge sign-ups: %w", err)
	}
	return purged, nil
}

// AddWorkers registers the package's workers.
func (s *Service) AddWorkers(ws *river.Workers) {
	river.AddWorker(ws, &signupWorker{service: s})
	river.AddWorker(ws, &purgeWorker{service: s})
}

// PeriodicJobs are the package's standing jobs.
func PeriodicJobs() []*river.PeriodicJob {
	return []*river.PeriodicJob{
		river.NewPeriodicJob(river.PeriodicInterval(time.Hour), func() (river.JobArgs, *river.InsertOpts) {
			return PurgeArgs{}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: time.Hour}}
		}, nil),
	}
}
