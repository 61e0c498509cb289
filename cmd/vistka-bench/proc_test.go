package main

import (
	"errors"
	"os"
	"runtime"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	t.Parallel()
	// The name of a process is its own to choose: spaces and parentheses too.
	const line = "4242 (a) b (c)) S 17 4242 4242 0 -1 4194560 901 0 3 0 1234 66 100 23 20 0 9 0 5588 123 456"
	got, err := parseStat(line)
	want := stat{Parent: 17, Own: 13 * time.Second, Children: 1230 * time.Millisecond}
	if err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	for _, bad := range []string{"", "4242 (sh", "4242 (sh) S 17 1", "4242 (sh) S x 4242 4242 0 -1 4194560 901 0 3 0 1 2 3 4 20"} {
		if _, err := parseStat(bad); !errors.Is(err, errStat) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestStatusField(t *testing.T) {
	t.Parallel()
	const text = "Name:\tvistka\nVmPeak:\t  900 kB\nVmHWM:\t   64512 kB\nVmRSS:\t   512 kB\nThreads:\t9\n"
	if got, err := statusField(text, "VmHWM"); err != nil || got != 64512<<10 {
		t.Errorf("VmHWM: %d, %v", got, err)
	}
	for _, name := range []string{"Vm", "VmSwap", "Threads"} {
		if got, err := statusField(text, name); err == nil {
			t.Errorf("%s: %d", name, got)
		}
	}
}

// Our own entries have the shape that the parsers expect.
func TestProcOfOurselves(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	s, err := statOf(os.Getpid())
	if err != nil || s.Parent != os.Getppid() {
		t.Errorf("parent %d, %v, want %d", s.Parent, err, os.Getppid())
	}
	now, peak, err := memoryOf(os.Getpid())
	if err != nil || now <= 0 || peak < now {
		t.Errorf("resident %d, peak %d, %v", now, peak, err)
	}
}
