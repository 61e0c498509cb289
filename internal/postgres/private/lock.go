package private

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// tryLock opens the file and locks it. Returns nil without an error when
// another process has it. The lock belongs to the open file: it goes when the
// last process that inherited it has closed it. Never unlock it, only close.
func tryLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, fmt.Errorf("lock %s: %w (the data directory must lie on a disk that knows flock)", path, err)
}
