package delivery

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/postgres"
)

// Run drives every configured relay until ctx ends, then lets what is under way
// finish within StopTimeout. Returns an error only if the relays cannot be
// registered, or SessionURL cannot be read.
func (s *Service) Run(ctx context.Context) error {
	ids, err := s.upsertRelays(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	if s.Metrics == nil {
		s.Metrics = NewMetrics(nil)
	}
	sessions := make([]*pgxpool.Pool, len(s.Relays))
	for i, config := range s.Relays {
		if sessions[i], err = postgres.OpenSession(ctx, s.sessionURL()); err != nil {
			return fmt.Errorf("session for relay %s: %w", config.Name(), err)
		}
		defer sessions[i].Close()
	}
	var group sync.WaitGroup
	var wakes []chan struct{}
	for i, config := range s.Relays {
		wake := make(chan struct{}, 1)
		wakes = append(wakes, wake)
		group.Go(func() { s.drive(ctx, sessions[i], ids[i], ids, config, wake) })
	}
	group.Go(func() { s.listen(ctx, wakes) })
	group.Wait()
	return nil
}

// listen wakes the drivers at each notification. The connection is its own:
// one of the pool's would be away for good. A lost one is replaced; what was
// notified meanwhile is found because everyone is woken then.
func (s *Service) listen(ctx context.Context, wakes []chan struct{}) {
	for ctx.Err() == nil {
		if err := s.listenOnce(ctx, wakes); err != nil && ctx.Err() == nil {
			s.Log.Warn("notifications are not heard: polling", "error", err)
		}
		sleep(ctx, poll)
	}
}

func (s *Service) listenOnce(ctx context.Context, wakes []chan struct{}) error {
	conn, err := postgres.Connect(ctx, s.sessionURL())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN "+Channel); err != nil {
		return err
	}
	for {
		for _, wake := range wakes {
			select {
			case wake <- struct{}{}:
			default:
			}
		}
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
	}
}
