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
	var bells []bell
	for i, config := range s.Relays {
		b := bell{news: make(chan struct{}, 1), notice: make(chan struct{}, 1)}
		bells = append(bells, b)
		group.Go(func() { s.drive(ctx, sessions[i], ids[i], ids, config, b) })
	}
	group.Go(func() { s.listen(ctx, bells) })
	group.Wait()
	return nil
}

// bell wakes a driver: a notice was queued, or editions or relays may have
// changed. Each confirmation is a notice, and must not have the driver read a
// large edition again from its first reader.
type bell struct {
	notice, news chan struct{}
}

func (b bell) ring(payload string) {
	to := b.news
	if payload == noticeQueued {
		to = b.notice
	}
	select {
	case to <- struct{}{}:
	default:
	}
}

// noticeQueued is the payload of sqlEnqueue's notification.
const noticeQueued = "notice"

// listen wakes the drivers at each notification. The connection is its own:
// one of the pool's would be away for good. A lost one is replaced; what was
// notified meanwhile is found because everyone is woken then.
func (s *Service) listen(ctx context.Context, bells []bell) {
	for ctx.Err() == nil {
		if err := s.listenOnce(ctx, bells); err != nil && ctx.Err() == nil {
			s.Log.Warn("notifications are not heard: polling", "error", err)
		}
		sleep(ctx, poll)
	}
}

func (s *Service) listenOnce(ctx context.Context, bells []bell) error {
	conn, err := postgres.Connect(ctx, s.sessionURL())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN "+Channel); err != nil {
		return err
	}
	for payload := ""; ; {
		for _, b := range bells {
			b.ring(payload)
		}
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		payload = n.Payload
	}
}
