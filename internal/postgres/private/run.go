package private

import (
	"context"
	"time"
)

const (
	watch        = 200 * time.Millisecond
	firstBackoff = 250 * time.Millisecond
	maxBackoff   = 10 * time.Second
)

// Run keeps the database there until ctx ends: a server of ours that dies is
// started again; when the process whose server we adopted goes, we start it.
// It does not stop the server: close the pool, then call Stop. A start that
// goes wrong is logged and tried again with growing pauses, since a disk that
// is full or a program being upgraded is mended without us.
func (s *Server) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ended, cancel)()
	for {
		if !s.awaitLoss(ctx) {
			return nil
		}
		s.log.WarnContext(ctx, "database server has gone, starting it again")
		if !s.rejoin(ctx) {
			return nil
		}
		s.log.InfoContext(ctx, "database server is back", "own", s.Owner())
	}
}

// awaitLoss returns true when the server needs starting, false when ctx ends.
func (s *Server) awaitLoss(ctx context.Context) bool {
	s.mu.Lock()
	own := s.own
	s.mu.Unlock()
	if own != nil {
		select {
		case <-own.done:
			return ctx.Err() == nil
		case <-ctx.Done():
			return false
		}
	}
	// A blocking flock could not be interrupted; asking five times a second
	// costs nothing that can be measured.
	tick := time.NewTicker(watch)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
			lock, err := tryLock(s.home.lockPath())
			if err != nil || lock == nil {
				continue
			}
			lock.Close() // rejoin takes it again, or finds who was faster
			return true
		}
	}
}

func (s *Server) rejoin(ctx context.Context) bool {
	for pause := firstBackoff; ; pause = min(2*pause, maxBackoff) {
		err := s.join(ctx)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		s.log.ErrorContext(ctx, "start the database server", "error", err, "again_in", pause)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
	}
}
