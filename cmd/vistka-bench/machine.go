package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// machine is where the figures come from; without it they say nothing.
type machine struct {
	Cores    int
	Model    string
	System   string
	Go       string
	Postgres string
}

func (l *lab) machine(ctx context.Context) (machine, error) {
	m := machine{Cores: runtime.NumCPU(), Model: "unknown processor", System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if model := cpuModel(string(text)); model != "" {
			m.Model = model
		}
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.System += ", kernel " + strings.TrimSpace(string(text))
	}
	err := l.db.QueryRow(ctx, "SHOW server_version").Scan(&m.Postgres)
	return m, err
}

// cpuModel is the first "model name" of /proc/cpuinfo; not every architecture has one.
func cpuModel(text string) string {
	for line := range strings.Lines(text) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// String is one line.
func (m machine) String() string {
	return fmt.Sprintf("%d cores (%s), %s, %s, PostgreSQL %s", m.Cores, m.Model, m.System, m.Go, m.Postgres)
}
