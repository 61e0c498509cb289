package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc/PID/stat: USER_HZ is 100 on every
// architecture whose numbers user space sees (proc(5)).
const tick = 10 * time.Millisecond

// stat is what we need of /proc/PID/stat.
type stat struct {
	Parent   int
	Own      time.Duration // user and system time of the process
	Children time.Duration // of those it has waited for
}

var errStat = errors.New("not a line of /proc/PID/stat")

// parseStat reads the line. The name in parentheses may hold anything,
// parentheses and spaces too, so fields are counted after the last one.
func parseStat(line string) (stat, error) {
	end := strings.LastIndexByte(line, ')')
	if end < 0 {
		return stat{}, errStat
	}
	fields := strings.Fields(line[end+1:])
	const state, parent, utime, stime, cutime, cstime = 3, 4, 14, 15, 16, 17 // as proc(5) numbers them
	if len(fields) <= cstime-state {
		return stat{}, errStat
	}
	var n [cstime + 1]int64
	for _, i := range []int{parent, utime, stime, cutime, cstime} {
		v, err := strconv.ParseInt(fields[i-state], 10, 64)
		if err != nil {
			return stat{}, fmt.Errorf("%w: field %d: %w", errStat, i, err)
		}
		n[i] = v
	}
	return stat{
		Parent: int(n[parent]), Own: time.Duration(n[utime]+n[stime]) * tick, Children: time.Duration(n[cutime]+n[cstime]) * tick,
	}, nil
}

func statOf(pid int) (stat, error) {
	text, err := os.ReadFile(procFile(pid, "stat"))
	if err != nil {
		return stat{}, err
	}
	return parseStat(string(text))
}

func procFile(pid int, name string) string {
	return filepath.Join("/proc", strconv.Itoa(pid), name)
}

// cpuOf is the processor time a process has used, over all its threads.
func cpuOf(pid int) (time.Duration, error) {
	s, err := statOf(pid)
	return s.Own, err
}

// cpuOfFamily is that of a process, its living children, and those it has
// waited for: for a postmaster, all of Postgres.
func cpuOfFamily(pid int) (time.Duration, error) {
	for {
		before, err1 := statOf(pid)
		living, err2 := cpuOfChildren(pid)
		after, err3 := statOf(pid)
		if err := errors.Join(err1, err2, err3); err != nil {
			return 0, err
		}
		// Else a child has ended meanwhile and was counted twice or not at all.
		if before.Children == after.Children {
			return after.Own + after.Children + living, nil
		}
	}
}

func cpuOfChildren(pid int) (total time.Duration, err error) {
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		if s, err := parseStat(string(text)); err == nil && s.Parent == pid {
			total += s.Own
		}
	}
	return total, err
}

// resetPeak makes the kernel forget the highest resident size so far (proc(5), clear_refs).
func resetPeak(pid int) error {
	return os.WriteFile(procFile(pid, "clear_refs"), []byte("5"), 0)
}

// memoryOf is the resident size now and its peak since resetPeak, in octets.
func memoryOf(pid int) (now, peak int64, err error) {
	text, err := os.ReadFile(procFile(pid, "status"))
	if err != nil {
		return 0, 0, err
	}
	if now, err = statusField(string(text), "VmRSS"); err != nil {
		return 0, 0, err
	}
	peak, err = statusField(string(text), "VmHWM")
	return now, peak, err
}

// statusField reads a size of /proc/PID/status, in octets.
func statusField(text, name string) (int64, error) {
	for line := range strings.Lines(text) {
		value, found := strings.CutPrefix(line, name+":")
		if !found {
			continue
		}
		kib, found := strings.CutSuffix(strings.TrimSpace(value), " kB")
		n, err := strconv.ParseInt(kib, 10, 64)
		if !found || err != nil {
			return 0, fmt.Errorf("%s of /proc/PID/status: %q is no size", name, value)
		}
		return n << 10, nil
	}
	return 0, fmt.Errorf("%s is not in /proc/PID/status", name)
}
