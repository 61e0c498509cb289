package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// lifetimes are the parts that run until told to stop, in the order they were
// started. They are stopped in reverse, each waited for before the next, so
// that nothing loses what it stands on.
type lifetimes struct {
	log    *slog.Logger
	failed chan error
	parts  []lifetime
}

type lifetime struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{}
}

func newLifetimes(log *slog.Logger) *lifetimes {
	return &lifetimes{log: log, failed: make(chan error, 1)}
}

// start runs f until stop. An f that ends by itself with an error ends the
// whole program: wait returns it. The context is a child of none, so that a
// signal stops the parts in order and not all at once.
func (l *lifetimes) start(name string, f func(ctx context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	p := lifetime{name: name, cancel: cancel, done: make(chan struct{})}
	l.parts = append(l.parts, p)
	go func() {
		defer close(p.done)
		if err := f(ctx); err != nil && !errors.Is(err, context.Canceled) {
			select {
			case l.failed <- fmt.Errorf("%s: %w", name, err):
			default:
			}
		}
	}()
}

// wait returns when ctx ends (nil) or a part fails (its error).
func (l *lifetimes) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-l.failed:
		return err
	}
}

// stop ends the parts, last started first.
func (l *lifetimes) stop() {
	for i := len(l.parts) - 1; i >= 0; i-- {
		p := l.parts[i]
		l.log.Debug("stopping", "part", p.name)
		p.cancel()
		<-p.done
	}
	l.parts = nil
}
