package account

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

const sweepEvery = 10 * time.Minute

// Run removes expired sessions and old counts of log-ins until ctx ends.
// A failed sweep is logged and tried again: what is expired counts as gone anyway.
func (s *Service) Run(ctx context.Context, log *slog.Logger) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
				log.LogAttrs(ctx, slog.LevelWarn, "sweep sessions", slog.String("error", err.Error()))
			}
		}
	}
}

// Sweep removes what is expired now.
func (s *Service) Sweep(ctx context.Context) error {
	if _, err := s.DB.Exec(ctx, sqlSweepSessions); err != nil {
		return fmt.Errorf("sweep sessions: %w", err)
	}
	if _, err := s.DB.Exec(ctx, sqlSweepLimits, pgx.StrictNamedArgs{"before": s.Clock.Now().Add(-2 * LimitSpan)}); err != nil {
		return fmt.Errorf("sweep limits: %w", err)
	}
	return nil
}
