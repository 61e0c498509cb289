package app

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	instanceFile = "instance"
	senderFile   = "sender.lock"
)

// instance names this installation: a random word kept in the data directory,
// so that a process that was restarted takes its relays back at once.
func instance(dataDir string) (string, error) {
	path := filepath.Join(dataDir, instanceFile)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, rand.Text())
		if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
			return "", fmt.Errorf("name this installation: %w", err)
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("name this installation: %w", err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("name this installation: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// lockSender keeps senders on one data directory apart: who gets the lock may
// take back the relays that the last process here held, for that one is dead.
// alone is false where another holds it. The lock ends with the file or the process.
func lockSender(dataDir string) (lock io.Closer, alone bool, err error) {
	f, err := os.OpenFile(filepath.Join(dataDir, senderFile), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, false, fmt.Errorf("lock the sender: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil && !errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, false, errors.Join(fmt.Errorf("lock the sender: %w", err), f.Close())
	}
	return f, err == nil, nil
}
