package pgtest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"vistka/internal/postgres/private"
	"vistka/migrations"
)

// seedFormat changes when initialise or migrateTemplate does.
const seedFormat = "1"

// seed is a stopped cluster with the migrated template, kept between runs:
// copying it takes a tenth of making it. An empty path means there is nowhere
// to keep one.
type seed struct{ path string }

func seedFor(bin private.Binaries) seed {
	cache, err := os.UserCacheDir()
	if err != nil {
		return seed{}
	}
	h := sha256.New()
	version, err := exec.Command(bin.Postgres(), "--version").Output()
	if err != nil {
		return seed{}
	}
	fmt.Fprintln(h, seedFormat, bin.Dir, string(version), private.Locale())
	names, _ := fs.Glob(migrations.FS, "*")
	for _, name := range names {
		body, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			return seed{}
		}
		fmt.Fprintln(h, name, len(body))
		h.Write(body)
	}
	m, err := rivermigrate.New(riverpgxv5.New(nil), nil)
	if err != nil {
		return seed{}
	}
	for _, v := range m.AllVersions() {
		fmt.Fprintln(h, v.Version, v.SQLUp)
	}
	return seed{filepath.Join(cache, "vistka-pgtest", hex.EncodeToString(h.Sum(nil))[:32])}
}

// restore fills the cluster from the seed. A seed that cannot be read is as
// good as none.
func (s seed) restore(c *cluster) bool {
	if s.path == "" {
		return false
	}
	if _, err := os.Stat(s.path); err != nil {
		return false
	}
	if err := copyTree(s.path, c.data(), c.account); err != nil {
		_ = os.RemoveAll(c.data())
		return false
	}
	return true
}

// keep stores the stopped cluster as the seed and drops older ones. It is only
// there to save time, so that what goes wrong costs just that.
func (s seed) keep(c *cluster) {
	if s.path == "" {
		return
	}
	dir := filepath.Dir(s.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return
	}
	fresh, err := os.MkdirTemp(dir, "new-")
	if err != nil {
		return
	}
	defer os.RemoveAll(fresh)
	if err := copyTree(c.data(), filepath.Join(fresh, "data"), private.Account{}); err != nil {
		return
	}
	old, _ := filepath.Glob(filepath.Join(dir, "*"))
	if err := os.Rename(filepath.Join(fresh, "data"), s.path); err != nil {
		return // another process was first
	}
	for _, path := range old {
		if len(filepath.Base(path)) == len(filepath.Base(s.path)) {
			_ = os.RemoveAll(path)
		}
	}
}

func copyTree(from, to string, owner private.Account) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			if err := os.Mkdir(target, 0o700); err != nil {
				return err
			}
		} else if err := copyFile(path, target); err != nil {
			return err
		}
		return owner.Own(target)
	})
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
