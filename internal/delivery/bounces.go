package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

// What refusals on several days come to (rule E4). A day counts once
// for an address, however many editions were refused on it, and an accepted
// mail sets the count back to nothing.
const (
	hardDays   = 3  // refused for good on so many days …
	hardSpan   = 14 // … that are at least so many days apart
	hardMemory = 120 * 24 * time.Hour
	softScore  = 5                   // a refused day is 1, one with a full mailbox half
	softMemory = 60 * 24 * time.Hour // older days do not count
	// bounceFresh: only who was refused since the last looks is judged, so that
	// somebody whom a person lets in again is not shut out for what is past.
	bounceFresh = 48 * time.Hour
)

// SuppressRepeated suppresses the addresses whose servers refused mail on
// several days and took none in between. Returns how many.
func (s *Service) SuppressRepeated(ctx context.Context) (int64, error) {
	now := s.Clock.Now()
	tag, err := s.DB.Exec(ctx, sqlSuppressRepeated, pgx.StrictNamedArgs{
		"now": now, "fresh": now.Add(-bounceFresh), "hard_since": now.Add(-hardMemory), "soft_since": now.Add(-softMemory),
		"hard_days": hardDays, "hard_span": hardSpan, "soft_score": softScore,
	})
	if err != nil {
		return 0, fmt.Errorf("suppress repeated bounces: %w", err)
	}
	return tag.RowsAffected(), nil
}

// BouncesArgs is the daily job of SuppressRepeated.
type BouncesArgs struct{}

// Kind names the job in River's tables.
func (BouncesArgs) Kind() string { return "delivery_bounces" }

// InsertOpts keep one a day, however many replicas insert it.
func (BouncesArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 5, UniqueOpts: river.UniqueOpts{ByPeriod: 24 * time.Hour}}
}

func (s *Service) workBounces(ctx context.Context, _ *river.Job[BouncesArgs]) error {
	n, err := s.SuppressRepeated(ctx)
	if n > 0 {
		s.Log.InfoContext(ctx, "addresses suppressed after repeated bounces", "addresses", n)
	}
	return errors.Join(err, s.purgeNotices(ctx))
}

// noticesKept is how long a mail to somebody of the newsroom stays listed after
// it is settled. What names a hotline request must not outlive it by much.
const noticesKept = 30 * 24 * time.Hour

func (s *Service) purgeNotices(ctx context.Context) error {
	if _, err := s.DB.Exec(ctx, sqlPurgeNotices, pgx.StrictNamedArgs{"before": s.Clock.Now().Add(-noticesKept)}); err != nil {
		return fmt.Errorf("purge notices: %w", err)
	}
	return nil
}

// AddWorkers registers the jobs of this package.
func (s *Service) AddWorkers(ws *river.Workers) {
	river.AddWorker(ws, river.WorkFunc(s.workBounces))
}

// PeriodicJobs are the jobs River inserts by itself.
func PeriodicJobs() []*river.PeriodicJob {
	return []*river.PeriodicJob{river.NewPeriodicJob(
		river.PeriodicInterval(24*time.Hour),
		func() (river.JobArgs, *river.InsertOpts) { return BouncesArgs{}, nil },
		&river.PeriodicJobOpts{ID: "delivery_bounces", RunOnStart: true},
	)}
}
