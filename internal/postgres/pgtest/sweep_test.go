package pgtest

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Not parallel: a process that another test starts in this moment holds a copy
// of every open file between its fork and its exec, and so the lock.
func TestSweepRemovesOnlyWhatNobodyHolds(t *testing.T) {
	base := t.TempDir()
	dir := func(name string) string {
		d := filepath.Join(base, dirPrefix+name)
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
		return d
	}
	held, left, fresh, old := dir("held"), dir("left"), dir("fresh"), dir("old")
	lock, err := claim(held)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	gone, err := claim(left)
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	past := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(old, past, past); err != nil {
		t.Fatal(err)
	}

	sweep(base)
	for path, want := range map[string]bool{held: true, left: false, fresh: true, old: false} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: there = %t, want %t", filepath.Base(path), err == nil, want)
		}
	}
}

func TestSanitised(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"TestSignUp/of_an_ended":                       "testsignup_of_an_ended",
		"TestВістка":                                   "test______",
		"TestSomethingWithANameThatIsFarTooLongForOne": "testsomethingwithanamethatisfartoolongfo",
	} {
		if got := sanitised(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
