package app

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const instanceFile = "instance"

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
