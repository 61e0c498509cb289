package article

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"vistka/internal/postgres"
)

// PollArgs is the job of one feed that is to be read before its time.
type PollArgs struct {
	FeedID int64 `json:"feed_id"`
}

// Kind names the job in River's tables.
func (PollArgs) Kind() string { return "article_poll" }

// pingSpacing is how far apart a site's own word can make us read its feed.
const pingSpacing = 3 * time.Second

// pingAttempts bounds the retries of a job whose database was away: soon the
// feed's own time comes.
const pingAttempts = 3

// Ping makes the feeds of a site be read soon: address is a feed's, or that of
// any page on the feed's site. An address that we know nothing of is no error,
// so that nobody learns which sites are read. A feed that is due already has a
// job under way, which will read what is there by then.
func (s *Service) Ping(ctx context.Context, address string) error {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" {
		return nil
	}
	return postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		now := s.Clock.Now()
		rows, err := tx.Query(ctx, sqlPingFeeds, pgx.StrictNamedArgs{
			"url": address, "site": u.Scheme + "://" + u.Host, "now": now, "spacing": pingSpacing,
		})
		if err != nil {
			return fmt.Errorf("ping: %w", err)
		}
		due, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
			ID int64
			At time.Time
		}])
		if err != nil {
			return fmt.Errorf("ping: %w", err)
		}
		for _, f := range due {
			opts := &river.InsertOpts{MaxAttempts: pingAttempts, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: pingSpacing}}
			if f.At.After(now) { // what is scheduled waits for River's scheduler, up to five seconds more
				opts.ScheduledAt = f.At
			}
			if _, err := s.Jobs.InsertTx(ctx, tx, PollArgs{FeedID: f.ID}, opts); err != nil {
				return fmt.Errorf("ping feed %d: %w", f.ID, err)
			}
		}
		return nil
	})
}

type pollWorker struct {
	river.WorkerDefaults[PollArgs]
	s *Service
}

func (w *pollWorker) Timeout(*river.Job[PollArgs]) time.Duration { return tickTimeout }

func (w *pollWorker) Work(ctx context.Context, job *river.Job[PollArgs]) error {
	_, err := w.s.PollNow(ctx, job.Args.FeedID)
	if isAny(err, ErrNotActive, ErrNotFound) {
		return nil // paused, gone or removed since the ping: there is nothing to try again
	}
	return err
}
