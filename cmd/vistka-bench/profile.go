package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// profiler asks one service for profiles while it works. The zero value does
// nothing.
type profiler struct {
	addr string // where the service's pprof answers
	dir  string
	cpu  chan error
}

// profileSeconds is how much of a run the CPU profile is of.
const profileSeconds = 5

// newProfiler writes into dir; without one it is the zero value.
func newProfiler(dir string) (*profiler, error) {
	if dir == "" {
		return &profiler{}, nil
	}
	addr, err := freeAddr()
	return &profiler{addr: addr, dir: dir, cpu: make(chan error, 1)}, err
}

// profiler is for the first run only.
func (r *sending) profiler() (*profiler, error) {
	if len(r.samples) > 0 {
		return &profiler{}, nil
	}
	return newProfiler(r.Profile)
}

func (p *profiler) env() []string {
	if p.addr == "" {
		return nil
	}
	return []string{"VISTKA_METRICS_LISTEN=" + p.addr}
}

// begin starts the CPU profile.
func (p *profiler) begin(ctx context.Context) {
	if p.addr != "" {
		go func() { p.cpu <- p.fetch(ctx, fmt.Sprintf("profile?seconds=%d", profileSeconds), "cpu.pprof") }()
	}
}

// end writes both profiles.
func (p *profiler) end(ctx context.Context) error {
	if p.addr == "" {
		return nil
	}
	return errors.Join(<-p.cpu, p.fetch(ctx, "allocs", "allocs.pprof"))
}

func (p *profiler) fetch(ctx context.Context, what, file string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+"/debug/pprof/"+what, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(p.dir, file))
	if err != nil {
		return err
	}
	_, err = io.Copy(f, resp.Body)
	return errors.Join(err, f.Close())
}
