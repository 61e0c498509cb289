package private

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	// systemState is where the file system hierarchy wants a service's data.
	systemState  = "/var/lib/vistka"
	homeName     = "postgres"
	locationName = "postgres.location"
	servesName   = "data-directory"
)

// home is the directory of one cluster: data/, lock, log and the like, all
// owned by the account the server runs as.
type home struct {
	dir     string
	dataDir string // the data directory it serves
	account Account
}

func (h home) lockPath() string   { return filepath.Join(h.dir, "lock") }
func (h home) data() string       { return filepath.Join(h.dir, "data") }
func (h home) logPath() string    { return filepath.Join(h.dir, "log") }
func (h home) socketPath() string { return filepath.Join(h.dir, "socket") }

// away tells that the home lies outside the data directory.
func (h home) away() bool { return filepath.Dir(h.dir) != h.dataDir }

// locate finds the home of the data directory's cluster, or makes the place
// for one: inside it, or, when we are root and the server's user cannot get
// there, under the system's state directory. The data directory then names the
// place in a small file, and the place names the data directory.
func locate(dataDir, stateDir string) (home, error) {
	if stateDir == "" {
		stateDir = systemState
	}
	abs, err := filepath.Abs(dataDir)
	if err != nil {
		return home{}, err
	}
	account, err := ServerAccount()
	if err != nil {
		return home{}, err
	}
	if err := makeDataDir(abs, account); err != nil {
		return home{}, err
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return home{}, err
	}
	h := home{dir: filepath.Join(abs, homeName), dataDir: abs, account: account}
	if clusterIn(h.dir) {
		return h.adoptOwner()
	}
	named, err := os.ReadFile(filepath.Join(abs, locationName))
	switch {
	case err == nil:
		h.dir = strings.TrimSpace(string(named))
		return h.named()
	case !errors.Is(err, fs.ErrNotExist):
		return home{}, err
	}
	if !account.CanReach(abs) {
		h.dir = filepath.Join(stateDir, derivedName(abs))
		if err := os.MkdirAll(stateDir, 0o755); err != nil {
			return home{}, err
		}
		if !account.CanReach(stateDir) {
			return home{}, fmt.Errorf("user %s can enter neither %s nor %s: make one of them accessible (chmod a+x), or set VISTKA_DATABASE_URL", account.Name, abs, stateDir)
		}
	}
	return h.make()
}

// makeDataDir lets the server's user pass, but not look, when it has to.
func makeDataDir(dir string, account Account) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(0o700)
	if account.Switch {
		mode = 0o711
	}
	if err := os.Mkdir(dir, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func clusterIn(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, "data"))
	return err == nil
}

// named checks the home the data directory names: there, and of this data
// directory. A moved data directory may take it along; a copied one may not.
func (h home) named() (home, error) {
	if !clusterIn(h.dir) {
		return home{}, fmt.Errorf("%s says that the database lies in %s, but there is none: bring it back, or remove that file to begin with an empty one",
			filepath.Join(h.dataDir, locationName), h.dir)
	}
	serves, err := os.ReadFile(filepath.Join(h.dir, servesName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return home{}, err
	}
	other := strings.TrimSpace(string(serves))
	if other != "" && other != h.dataDir {
		theirs, err := os.ReadFile(filepath.Join(other, locationName))
		if err == nil && strings.TrimSpace(string(theirs)) == h.dir {
			return home{}, fmt.Errorf("the database in %s belongs to %s, of which %s seems to be a copy: remove %s from the copy to give it an empty database",
				h.dir, other, h.dataDir, locationName)
		}
		if err := writeFile(filepath.Join(h.dir, servesName), h.dataDir+"\n", h.account); err != nil {
			return home{}, err
		}
	}
	return h.adoptOwner()
}

// adoptOwner makes the account that of existing data: its files are never
// given to somebody else.
func (h home) adoptOwner() (home, error) {
	fi, err := os.Stat(h.data())
	if err != nil {
		return home{}, err
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) == h.account.UID {
		return h, nil
	}
	if !h.account.Switch {
		return home{}, fmt.Errorf("%s belongs to another user (%d): run vistka as that user", h.data(), st.Uid)
	}
	if st.Uid == 0 {
		return home{}, fmt.Errorf("%s belongs to root, and Postgres does not run as root: chown -R %s %s", h.data(), h.account.Name, h.dir)
	}
	h.account = Account{UID: int(st.Uid), GID: int(st.Gid), Switch: true}
	return h, nil
}

func (h home) make() (home, error) {
	err := os.Mkdir(h.dir, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return home{}, err
	}
	if clusterIn(h.dir) {
		return h.adoptOwner() // a first start that was cut short before settle
	}
	return h, h.account.Own(h.dir)
}

// settle writes the small files once there is a cluster to point at.
func (h home) settle() error {
	location := filepath.Join(h.dataDir, locationName)
	if _, err := os.Stat(location); err == nil || !h.away() {
		return nil
	}
	if err := writeFile(filepath.Join(h.dir, servesName), h.dataDir+"\n", h.account); err != nil {
		return err
	}
	return writeFile(location, h.dir+"\n", Account{})
}

// derivedName is readable and different for each path.
func derivedName(path string) string {
	sum := sha256.Sum256([]byte(path))
	base := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return -1
	}, filepath.Base(path))
	return strings.TrimLeft(base[:min(len(base), 24)]+"-"+hex.EncodeToString(sum[:6]), "-")
}

// writeFile replaces path in one step.
func writeFile(path, text string, owner Account) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return err
	}
	_, err = tmp.WriteString(text)
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close(), owner.Own(tmp.Name())); err != nil {
		os.Remove(tmp.Name())
		return err
	}
	return os.Rename(tmp.Name(), path)
}
