package pgtest

import (
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	dirPrefix = "vistka-pgtest-"
	lockName  = "lock"
)

// claim marks dir as in use for as long as this process or a child that
// inherited the file lives. The file gets its name when it is locked already,
// so that a sweeper never finds it free.
func claim(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "claim-")
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, err
	}
	return f, os.Rename(f.Name(), filepath.Join(dir, lockName))
}

// sweep removes what processes have left whose supervisor was killed too.
// It does what it can: another user's directory is not ours to remove.
func sweep(base string) {
	dirs, _ := filepath.Glob(filepath.Join(base, dirPrefix+"*"))
	for _, dir := range dirs {
		if abandoned(dir) {
			_ = os.RemoveAll(dir)
		}
	}
}

func abandoned(dir string) bool {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR, 0)
	if os.IsNotExist(err) {
		// Just being made, or never finished.
		fi, err := os.Lstat(dir)
		return err == nil && time.Since(fi.ModTime()) > time.Hour
	}
	if err != nil {
		return false
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
