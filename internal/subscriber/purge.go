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

// purgeBatch is how many sign-ups one transaction forgets.
const purgeBatch = 10_000

// Purge deletes sign-ups 7 days after they expired, of which counts per day
// and place stay, wishes for another address that nobody confirmed, counters of
// limits that no window needs, and proofs of work that would not be taken any
// more. It returns the number of sign-ups.
func (s *Service) Purge(ctx context.Context) (int64, error) {
	now, purged := s.Clock.Now(), int64(0)
	for more := true; more; {
		var n int64
		err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) (err error) {
			n, err = s.purgeSignups(ctx, tx, now.Add(-purgeAfter))
			return err
		})
		if err != nil {
			return purged, fmt.Errorf("purge sign-ups: %w", err)
		}
		purged, more = purged+n, n == purgeBatch
	}
	for _, old := range []struct {
		sql  string
		args pgx.StrictNamedArgs
	}{
		{purgeChanges, pgx.StrictNamedArgs{"now": now}},
		{purgeChangeNotices, pgx.StrictNamedArgs{"before": now.Add(-purgeAfter)}},
		{purgeLimits, pgx.StrictNamedArgs{"before": now.Add(-limitsKept)}},
		{purgeRequests, pgx.StrictNamedArgs{"before": now.Add(-requestsKept)}},
		{purgeProofs, pgx.StrictNamedArgs{"now": now}},
		{purgeMailCounts, pgx.StrictNamedArgs{"before": now.Add(-requestsKept)}},
	} {
		if _, err := s.DB.Exec(ctx, old.sql, old.args); err != nil {
			return purged, fmt.Errorf("purge what sign-ups left: %w", err)
		}
	}
	return purged, nil
}

// purgeSignups deletes a batch and counts what was never confirmed.
func (s *Service) purgeSignups(ctx context.Context, tx pgx.Tx, before time.Time) (purged int64, err error) {
	rows, err := tx.Query(ctx, purgeSignups, pgx.StrictNamedArgs{"before": before, "limit": purgeBatch})
	if err != nil {
		return 0, err
	}
	var days []time.Time
	var newsletters, expired []int64
	var places []string
	var day time.Time
	var newsletterID, gone, unconfirmed int64
	var article, page string
	_, err = pgx.ForEachRow(rows, []any{&day, &newsletterID, &article, &page, &gone, &unconfirmed}, func() error {
		purged += gone
		if unconfirmed > 0 {
			days, newsletters = append(days, day), append(newsletters, newsletterID)
			places, expired = append(places, place(article, page)), append(expired, unconfirmed)
		}
		return nil
	})
	if err != nil || len(days) == 0 {
		return purged, err
	}
	_, err = tx.Exec(ctx, countExpired, pgx.StrictNamedArgs{"days": days, "newsletters": newsletters, "places": places, "expired": expired})
	return purged, err
}

// AddWorkers registers the package's workers.
func (s *Service) AddWorkers(ws *river.Workers) {
	river.AddWorker(ws, &signupWorker{service: s})
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
		}, &river.PeriodicJobOpts{RunOnStart: true}), // else a process that is restarted every hour never purges
	}
}
