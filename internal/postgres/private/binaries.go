package private

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// Binaries is a directory with Postgres' server programs of one major version.
type Binaries struct {
	Dir   string
	Major int
}

// Initdb is the path of the program that makes a cluster.
func (b Binaries) Initdb() string { return filepath.Join(b.Dir, "initdb") }

// Postgres is the path of the server itself.
func (b Binaries) Postgres() string { return filepath.Join(b.Dir, "postgres") }

// minMajor is the oldest major version the schema is written for.
const minMajor = 14

// ErrNoBinaries means that this machine has no Postgres server programs.
var ErrNoBinaries = errors.New("PostgreSQL's server programs are not installed")

// whereBinaries lists the places packages put the server's programs in, beside
// PATH: Debian, Fedora and PGDG, Homebrew on both processors, Postgres.app.
func whereBinaries() []string {
	return []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/usr/lib64/pgsql/bin",
		"/opt/homebrew/opt/postgresql@*/bin",
		"/opt/homebrew/opt/postgresql/bin",
		"/usr/local/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql/bin",
		"/usr/local/pgsql/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	}
}

// FindBinaries looks on PATH and in the places packages use, and returns the
// highest major version; with major > 0, that one only. Returns ErrNoBinaries,
// with the command that installs them, if there is none.
func FindBinaries(major int) (Binaries, error) {
	found := installed()
	best := Binaries{}
	for _, b := range found {
		if major == 0 && b.Major > best.Major || b.Major == major && best.Dir == "" {
			best = b
		}
	}
	if best.Dir != "" && best.Major >= minMajor {
		return best, nil
	}
	if len(found) == 0 {
		return Binaries{}, fmt.Errorf("%w: install them with `%s`, or set VISTKA_DATABASE_URL to a server of your own", ErrNoBinaries, installCommand(major))
	}
	if major != 0 {
		return Binaries{}, fmt.Errorf("%w in version %d, which this data needs: install it with `%s`", ErrNoBinaries, major, installCommand(major))
	}
	return Binaries{}, fmt.Errorf("%w in version %d or later: install it with `%s`", ErrNoBinaries, minMajor, installCommand(0))
}

func installed() []Binaries {
	var dirs []string
	if p, err := exec.LookPath("initdb"); err == nil {
		// A link on PATH points into the directory with all the others.
		if real, err := filepath.EvalSymlinks(p); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	for _, pattern := range whereBinaries() {
		m, _ := filepath.Glob(pattern) // only a malformed pattern is an error
		dirs = append(dirs, m...)
	}
	var found []Binaries
	seen := map[string]bool{}
	for _, d := range dirs {
		if seen[d] {
			continue
		}
		seen[d] = true
		b := Binaries{Dir: d}
		if !executable(b.Initdb()) || !executable(b.Postgres()) {
			continue
		}
		if b.Major = majorOf(b.Postgres()); b.Major > 0 {
			found = append(found, b)
		}
	}
	return found
}

func executable(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.Mode().IsRegular() && fi.Mode()&0o111 != 0
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// majorOf asks the program itself: a directory's name may lie.
func majorOf(postgres string) int {
	out, err := exec.Command(postgres, "--version").Output()
	if err != nil {
		return 0
	}
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n
}

// installCommand is the one command for this system that brings the programs,
// of the given major version if it is not 0.
func installCommand(major int) string {
	release, _ := os.ReadFile("/etc/os-release")
	return installCommandOn(runtime.GOOS, string(release), major)
}

func installCommandOn(goos, release string, major int) string {
	version := func(prefix string) string {
		if major == 0 {
			return ""
		}
		return prefix + strconv.Itoa(major)
	}
	ids := systemIDs(release)
	switch {
	case goos == "darwin":
		if major == 0 {
			return "brew install postgresql@17"
		}
		return "brew install postgresql" + version("@")
	case strings.Contains(ids, " fedora ") || strings.Contains(ids, " rhel "):
		return "sudo dnf install postgresql" + version("") + "-server"
	case strings.Contains(ids, " alpine "):
		if major == 0 {
			return "sudo apk add postgresql17"
		}
		return "sudo apk add postgresql" + version("")
	default:
		return "sudo apt-get install postgresql" + version("-")
	}
}

// systemIDs returns ID and ID_LIKE of os-release(5), spaces round each word.
func systemIDs(release string) string {
	words := " "
	for line := range strings.Lines(release) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key == "ID" || key == "ID_LIKE" {
			words += strings.Trim(value, `"'`) + " "
		}
	}
	return words
}
