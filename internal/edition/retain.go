package edition

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"vistka/internal/postgres"
)

// DefaultKeepMonths keeps a year's editions comparable with those of the year
// before.
const DefaultKeepMonths = 13

// errUnsettled says that a month has deliveries of which something is still to
// come.
var errUnsettled = errors.New("deliveries are not settled")

// RetainArgs is the job that drops old deliveries.
type RetainArgs struct{}

// Kind names the job in River's tables.
func (RetainArgs) Kind() string { return "edition_retain" }

// InsertOpts keep one a day, however many replicas insert it.
func (RetainArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 5, UniqueOpts: river.UniqueOpts{ByPeriod: 24 * time.Hour}}
}

type retainWorker struct {
	river.WorkerDefaults[RetainArgs]
	s *Service
}

// Timeout is far above the counting of a month of millions.
func (*retainWorker) Timeout(*river.Job[RetainArgs]) time.Duration { return 15 * time.Minute }

func (w *retainWorker) Work(ctx context.Context, _ *river.Job[RetainArgs]) error {
	_, err := w.s.Retain(ctx)
	return err
}

// Retain drops the deliveries and attempts of the months before the last
// KeepMonths, after their totals are kept for each edition, and forgets the slots
// that were missed then. A month of which anything is queued, deferred, sending
// or in doubt stays whole. It returns the months that were dropped.
func (s *Service) Retain(ctx context.Context) ([]time.Time, error) {
	keep := s.KeepMonths
	if keep <= 0 {
		keep = DefaultKeepMonths
	}
	args := pgx.StrictNamedArgs{"month": monthOf(s.Clock.Now()).AddDate(0, -keep, 0)}
	if _, err := s.DB.Exec(ctx, sqlForgetSlots, args); err != nil {
		return nil, fmt.Errorf("forget missed slots: %w", err)
	}
	rows, err := s.DB.Query(ctx, sqlMonthsBefore, args)
	if err != nil {
		return nil, fmt.Errorf("find old months: %w", err)
	}
	old, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return nil, fmt.Errorf("find old months: %w", err)
	}
	var dropped []time.Time
	for _, month := range old {
		err := s.keepTotals(ctx, month)
		if errors.Is(err, errUnsettled) {
			s.Log.WarnContext(ctx, "old deliveries stay: some are not settled", "month", month.Format("2006-01"))
			continue
		}
		if err == nil {
			err = s.dropMonth(ctx, month)
		}
		if err != nil {
			return dropped, fmt.Errorf("drop deliveries of %s: %w", month.Format("2006-01"), err)
		}
		dropped = append(dropped, month)
		s.Log.InfoContext(ctx, "old deliveries dropped", "month", month.Format("2006-01"))
	}
	return dropped, nil
}

// keepTotals counts a month's deliveries and closes its editions: from then on
// nothing reads or adds to their deliveries. Their rows are held, so that no page
// of a fan-out adds to them while they are counted.
func (s *Service) keepTotals(ctx context.Context, month time.Time) error {
	return postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		args := pgx.StrictNamedArgs{"month": month}
		if _, err := tx.Exec(ctx, sqlHoldMonth, args); err != nil {
			return err
		}
		var unsettled bool
		if err := tx.QueryRow(ctx, sqlUnsettled, args).Scan(&unsettled); err != nil {
			return err
		}
		if unsettled {
			return errUnsettled
		}
		if _, err := tx.Exec(ctx, sqlKeepTotals, args); err != nil {
			return err
		}
		args["now"] = s.Clock.Now()
		_, err := tx.Exec(ctx, sqlCloseMonth, args)
		return err
	})
}

// dropMonth takes a lock that keeps every sender out. It does not wait long for
// it, since whoever comes later waits behind it: the job is tried again.
func (s *Service) dropMonth(ctx context.Context, month time.Time) error {
	return postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlShortWait); err != nil {
			return err
		}
		args := pgx.StrictNamedArgs{"month": month}
		if _, err := tx.Exec(ctx, sqlDropMonth, args); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlDropAttempts, args)
		return err
	})
}
