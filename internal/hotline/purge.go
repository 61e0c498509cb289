package hotline

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"vistka/internal/postgres"
)

// PurgeArgs is the job that forgets what has been kept long enough.
type PurgeArgs struct{}

// Kind names the job in River's tables.
func (PurgeArgs) Kind() string { return "hotline_purge" }

// Purge deletes requests, with their notes, that are older than the settings
// keep them, and the salt and counters of a day that is over. It returns the
// number of requests.
func (s *Service) Purge(ctx context.Context) (int64, error) {
	var purged int64
	err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sqlPurge, pgx.StrictNamedArgs{"now": s.Clock.Now()})
		if err != nil {
			return err
		}
		purged = tag.RowsAffected()
		var over bool
		today := s.Clock.Now().Truncate(24 * time.Hour)
		if err := tx.QueryRow(ctx, sqlDayOver, pgx.StrictNamedArgs{"today": today}).Scan(&over); err != nil || !over {
			return err
		}
		// Today's counts go along: an hour's, at most, and the price of leaving no trace in the files.
		_, err = tx.Exec(ctx, sqlForgetDay)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("purge hotline: %w", err)
	}
	return purged, nil
}

// AddWorkers registers the package's workers.
func (s *Service) AddWorkers(ws *river.Workers) {
	river.AddWorker(ws, river.WorkFunc(func(ctx context.Context, _ *river.Job[PurgeArgs]) error {
		_, err := s.Purge(ctx)
		return err
	}))
}

// PeriodicJobs are the package's standing jobs.
func PeriodicJobs() []*river.PeriodicJob {
	return []*river.PeriodicJob{
		river.NewPeriodicJob(river.PeriodicInterval(time.Hour), func() (river.JobArgs, *river.InsertOpts) {
			return PurgeArgs{}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: time.Hour}}
		}, &river.PeriodicJobOpts{RunOnStart: true}),
	}
}
