package private

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if a, err := ServerAccount(); err != nil || a.Own(path) != nil || a.Own(filepath.Dir(path)) != nil {
		t.Fatal("give the file to the server's user", err)
	}
}

func TestOtherDataIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, file, text string
		want             error
		says             string
	}{
		{"another major", "PG_VERSION", "9\n", ErrOtherMajor, "version 9"},
		{"a major to come", "PG_VERSION", "99\n", ErrOtherMajor, "postgresql"},
		{"not a version", "PG_VERSION", "nine\n", ErrNotCluster, "nine"},
		{"something else", "notes.txt", "mine", ErrNotCluster, "left as it is"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := dataDir(t)
			path := filepath.Join(dir, "postgres", "data", tc.file)
			write(t, path, tc.text)
			s, err := Start(bounded(t), Options{DataDir: dir})
			if err == nil {
				_ = s.Stop(bounded(t))
			}
			if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want %v saying %q", err, tc.want, tc.says)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != tc.text {
				t.Errorf("the file is now %q, %v", got, err)
			}
		})
	}
}

func TestInterruptedInitdbIsBegunAgain(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	write(t, filepath.Join(dir, "postgres", "data.new", "PG_VERSION"), "15\n")
	s := mustStart(t, Options{DataDir: dir})
	query(t, s, "SELECT 'up'")
}

func TestLongPathGetsAShortSocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(filepath.Dir(dataDir(t)), strings.Repeat("long/", 30), "var")
	s := mustStart(t, Options{DataDir: dir})
	t.Cleanup(func() { os.RemoveAll(s.sock) })
	if !fits(s.sock) || strings.HasPrefix(s.sock, dir) {
		t.Errorf("socket in %s", s.sock)
	}
	adopted := mustStart(t, Options{DataDir: dir})
	if adopted.URL() != s.URL() {
		t.Errorf("the second process looks at %s, the first listens at %s", adopted.URL(), s.URL())
	}
	query(t, adopted, "SELECT 'up'")
}

func TestSocketDirectoryOfAnotherIsNotTrusted(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	account, err := ServerAccount()
	if err != nil {
		t.Fatal(err)
	}
	h := home{dir: dir, dataDir: dir, account: account}
	open := filepath.Join(dir, "open")
	if err := os.Mkdir(open, 0o700); err != nil || os.Chmod(open, 0o755) != nil || account.Own(open) != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(open, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{open, link} {
		if h.makeSocketDir(path) == nil {
			t.Errorf("%s was accepted", filepath.Base(path))
		}
	}
}

// closed is a data directory the server's user cannot get to.
func closed(t *testing.T) (dir string, o Options) {
	t.Helper()
	needPostgres(t)
	if os.Geteuid() != 0 {
		t.Skip("needs root: only root gives the server to another user")
	}
	base := openDir(t)
	dir = filepath.Join(base, "root", "var")
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir, Options{DataDir: dir, stateDir: filepath.Join(base, "state")}
}

func TestClosedDataDirectoryNamesAPlaceElsewhere(t *testing.T) {
	t.Parallel()
	dir, o := closed(t)
	s := mustStart(t, o)
	query(t, s, "CREATE TABLE kept AS SELECT 'here'::text AS word")
	named, err := os.ReadFile(filepath.Join(dir, locationName))
	if err != nil || !strings.HasPrefix(string(named), o.stateDir) {
		t.Fatalf("%s says %q, %v", locationName, named, err)
	}
	if second := mustStart(t, o); second.Owner() {
		t.Error("a second process did not find the server through the small file")
	}
	if err := s.Stop(bounded(t)); err != nil {
		t.Fatal(err)
	}

	moved := filepath.Join(filepath.Dir(dir), "moved")
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	again := mustStart(t, Options{DataDir: moved, stateDir: o.stateDir})
	if got := query(t, again, "SELECT word FROM kept"); got != "here" {
		t.Errorf("after the data directory was moved: %q", got)
	}

	write(t, filepath.Join(dir, locationName), string(named))
	if s, err := Start(bounded(t), o); err == nil || !strings.Contains(err.Error(), "copy") {
		t.Errorf("a copy of the data directory got the database of the original: %v, %v", s, err)
	}
}

func TestMissingClusterIsNotReplacedSilently(t *testing.T) {
	t.Parallel()
	dir, o := closed(t)
	write(t, filepath.Join(dir, locationName), filepath.Join(o.stateDir, "gone"))
	if _, err := Start(bounded(t), o); err == nil || !strings.Contains(err.Error(), "there is none") {
		t.Errorf("error %v", err)
	}
}

func TestDerivedName(t *testing.T) {
	t.Parallel()
	a, b := derivedName("/home/site/var"), derivedName("/home/other/var")
	if a == b || !strings.HasPrefix(a, "var-") {
		t.Errorf("%s and %s", a, b)
	}
	if got := derivedName("/home/звіт"); got == "" || strings.ContainsAny(got, "/. ") {
		t.Errorf("name %q", got)
	}
}
