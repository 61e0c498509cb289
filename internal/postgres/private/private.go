// Package private runs a Postgres of our own when none is configured: a
// cluster under the data directory, made on first use, that only the Vistka
// processes of this machine reach, by a Unix socket.
//
// Who runs it is decided by one flock(2). Whoever gets the lock starts the
// server and hands the locked file down to it, and it to its backends; so the
// lock is free exactly when no process of the cluster is left, whatever way it
// ended. Everybody else adopts the running server, and a long-lived process
// (Run) tries the lock again and again, so that it takes over when the starter
// goes and takes the server with it.
package private

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Options say where the cluster belongs.
type Options struct {
	DataDir string       // made if it is not there
	Log     *slog.Logger // nil: silent

	stateDir string // for tests: instead of systemState
}

const (
	poll = 20 * time.Millisecond
	// adoptPatience is how long a server that somebody else runs may take to
	// accept us: crash recovery of a busy gigabyte of log fits.
	adoptPatience = 3 * time.Minute
	stopPatience  = 10 * time.Second
)

// Server is a running private Postgres, our own or adopted.
type Server struct {
	home home
	log  *slog.Logger

	joining sync.Mutex // held while the server is being started or looked for
	ended   context.Context
	end     context.CancelFunc

	mu   sync.Mutex // guards what follows
	own  *postmaster
	sock string
}

// Start returns when the database answers: by adopting the server another
// process runs for the same data directory, or by starting it, which makes the
// cluster first if there is none. A server that is starting up or shutting
// down is waited for until ctx ends. Returns ErrNoBinaries where Postgres is
// not installed, ErrOtherMajor and ErrNotCluster for data it will not touch.
func Start(ctx context.Context, o Options) (*Server, error) {
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	h, err := locate(o.DataDir, o.stateDir)
	if err != nil {
		return nil, fmt.Errorf("private database in %s: %w", o.DataDir, err)
	}
	s := &Server{home: h, log: log}
	s.ended, s.end = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.join(ctx); err != nil {
		s.end()
		return nil, fmt.Errorf("private database in %s: %w", o.DataDir, err)
	}
	return s, nil
}

// URL is where the database is, for postgres.Open. It stays the same when the
// server is started again, by whichever process.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return databaseURL(s.sock, databaseName)
}

// Owner tells that this process started the server and will stop it.
func (s *Server) Owner() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.own != nil
}

// Stop ends the server if it is ours, cleanly: open transactions are rolled
// back, everything is written out. When ctx ends first, the server is told to
// drop everything; its next start then takes longer. A server that was adopted
// is left alone.
func (s *Server) Stop(ctx context.Context) error {
	s.end()
	s.joining.Lock() // a start under way sees the end of s.ended
	defer s.joining.Unlock()
	s.mu.Lock()
	own := s.own
	s.mu.Unlock()
	if own == nil {
		return nil
	}
	return own.stop(ctx)
}

// join adopts or starts the server. joining need not be held by the caller.
func (s *Server) join(ctx context.Context) error {
	s.joining.Lock()
	defer s.joining.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ended, cancel)()

	deadline := time.Now().Add(adoptPatience)
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		lock, err := tryLock(s.home.lockPath())
		if err != nil {
			return err
		}
		if lock != nil {
			return s.launch(ctx, lock)
		}
		sock, err := s.home.adopt(ctx)
		if err == nil {
			s.became(nil, sock)
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("another process runs the database server and it does not answer: %w", err)
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

func (s *Server) became(own *postmaster, sock string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own, s.sock = own, sock
}
