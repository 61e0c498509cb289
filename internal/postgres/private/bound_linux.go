package private

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// bound starts a child that stops, as at a fast shutdown, when we end without
// having stopped it.
func bound(a Account) *syscall.SysProcAttr {
	attr := a.Attr()
	attr.Pdeathsig = syscall.SIGINT
	return attr
}

// forgetReusedPID removes a postmaster.pid left by a crash whose process id now
// belongs to something else, as it often does in a container: Postgres would
// take that for a running server. A real one has the data directory as its
// working directory. An id that is not in use Postgres deals with itself.
func (h home) forgetReusedPID() {
	text, err := os.ReadFile(h.pidPath())
	if err != nil {
		return
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return
	}
	cwd, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	if err == nil && cwd != h.data() {
		_ = os.Remove(h.pidPath()) // else Postgres says what it found
	}
}
