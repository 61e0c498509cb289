package private

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

const (
	// databaseName and userName are what psql and pg_dump are told.
	databaseName = "vistka"
	userName     = "vistka"
)

// ErrOtherMajor means that existing data needs a major version of Postgres
// that is not installed.
var ErrOtherMajor = errors.New("the data was made by another major version of PostgreSQL")

// ErrNotCluster means that there are files where the cluster should be that
// are not one. They are not touched.
var ErrNotCluster = errors.New("not a database cluster")

// Locale is what clusters are made with: order by code point, case by
// Unicode. macOS has no C.UTF-8 before version 15.
func Locale() string {
	if runtime.GOOS == "darwin" {
		return "en_US.UTF-8"
	}
	return "C.UTF-8"
}

// programs returns the server's programs for the cluster that is there, or
// makes one. The lock must be held; it is handed to what runs here.
func (h home) programs(ctx context.Context, lock *os.File) (Binaries, error) {
	major, err := majorIn(h.data())
	if err != nil {
		return Binaries{}, err
	}
	bin, err := FindBinaries(major)
	switch {
	case err != nil && major != 0:
		return Binaries{}, fmt.Errorf("%w: %s holds version %d: %w. It was left as it is; to change to another version, move it with pg_upgrade or with pg_dump and a new data directory",
			ErrOtherMajor, h.data(), major, err)
	case err != nil:
		return Binaries{}, err
	case major != 0:
		return bin, nil
	}
	return bin, h.initialise(ctx, bin, lock)
}

// majorIn reads PG_VERSION. Returns 0 when there is no cluster yet.
func majorIn(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if err == nil {
		major, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			return 0, fmt.Errorf("%s: PG_VERSION says %q: %w", data, text, ErrNotCluster)
		}
		return major, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	entries, err := os.ReadDir(data)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	if len(entries) > 0 {
		return 0, fmt.Errorf("%s holds files but no PG_VERSION: %w; it was left as it is, give vistka another data directory", data, ErrNotCluster)
	}
	return 0, nil
}

// initialise makes the cluster beside its place and renames it when it is
// complete, so that an interrupted start leaves nothing half made behind.
func (h home) initialise(ctx context.Context, bin Binaries, lock *os.File) error {
	fresh := h.data() + ".new"
	if err := os.RemoveAll(fresh); err != nil { // never held anybody's data
		return err
	}
	cmd := exec.CommandContext(ctx, bin.Initdb(), "-D", fresh, "-U", userName, "-A", "trust",
		"-E", "UTF8", "--locale="+Locale(), "--data-checksums")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = h.dir, cleanEnv(), bound(h.account)
	cmd.ExtraFiles = []*os.File{lock} // killed, we leave the lock to it until it is gone
	if out, err := onOwnThread(cmd.CombinedOutput); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, lastLines(string(out)))
	}
	return os.Rename(fresh, h.data())
}

// onOwnThread runs f on a thread that does nothing else meanwhile: the signal
// a child gets at its parent's death is tied to the thread that made it.
func onOwnThread(f func() ([]byte, error)) ([]byte, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return f()
}

// cleanEnv is our environment without what would steer Postgres: PGPORT,
// PGDATA and the like, and locales this machine may not have.
func cleanEnv() []string {
	var env []string
	for _, kv := range os.Environ() {
		if strings.HasPrefix(kv, "PG") || strings.HasPrefix(kv, "LC_") || strings.HasPrefix(kv, "LANG") || strings.HasPrefix(kv, "VISTKA_") {
			continue
		}
		env = append(env, kv)
	}
	return append(env, "LC_ALL=C")
}

// lastLines keeps an error readable.
func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], " | ")
}
