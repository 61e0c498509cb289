package private

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	port       = "5432"
	socketName = ".s.PGSQL." + port
	// maxSocketPath is what fits into sun_path everywhere: 104 octets on the
	// BSDs and macOS, 108 on Linux, the ending zero included.
	maxSocketPath = 103
)

func databaseURL(sock, database string) string {
	q := url.Values{"host": {sock}, "port": {port}, "user": {userName}, "sslmode": {"disable"}}
	return "postgres:///" + database + "?" + q.Encode()
}

// socketDir is the directory the server's socket goes to: the home, or where
// its path is too long for a socket, a short one under the user's runtime
// directory or the system's temporary one. It is written down and used again,
// so that pools survive a change of owner.
func (h home) socketDir() (string, error) {
	if fits(h.dir) {
		return h.dir, nil
	}
	if kept, err := os.ReadFile(h.socketPath()); err == nil {
		dir := strings.TrimSpace(string(kept))
		if h.makeSocketDir(dir) == nil {
			return dir, nil
		}
	}
	sum := sha256.Sum256([]byte(h.dir))
	name := "vistka-" + hex.EncodeToString(sum[:6])
	var problems []error
	for _, base := range []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir(), "/tmp"} {
		dir := filepath.Join(base, name)
		if base == "" || !fits(dir) || !h.account.CanReach(base) {
			continue
		}
		if err := h.makeSocketDir(dir); err != nil {
			problems = append(problems, err)
			continue
		}
		return dir, writeFile(h.socketPath(), dir+"\n", h.account)
	}
	return "", fmt.Errorf("the path of %s is too long for a socket and no short directory is at hand: %w", h.dir, errors.Join(problems...))
}

func fits(dir string) bool { return len(dir)+1+len(socketName) <= maxSocketPath }

func (h home) makeSocketDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		return h.account.Own(dir)
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	return h.trust(dir)
}

// trust refuses a directory that others could have put in a shared place to
// listen in our server's stead.
func (h home) trust(dir string) error {
	fi, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok || !fi.IsDir() || int(st.Uid) != h.account.UID || fi.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s is not a directory of the database server's user alone", dir)
	}
	return nil
}

// adopt returns the socket's directory if the server that somebody else runs
// answers. Postgres writes it into the fifth line of postmaster.pid.
func (h home) adopt(ctx context.Context) (string, error) {
	text, err := os.ReadFile(h.pidPath())
	if err != nil {
		return "", err // being made, starting or ending
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 5 || lines[4] == "" {
		return "", fmt.Errorf("%s is not complete", h.pidPath())
	}
	if err := h.trust(lines[4]); err != nil {
		return "", err
	}
	return lines[4], ping(ctx, lines[4])
}

func (h home) pidPath() string { return filepath.Join(h.data(), "postmaster.pid") }
