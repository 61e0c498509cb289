package crashlab_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestDiskFull fills the disk under the data directory in mid-edition
// (rule D13): nothing is mailed without a record, a sign-up answers
// 503, and when there is room again the service goes on by itself.
func TestDiskFull(t *testing.T) {
	takesMinutes(t)
	const readers = 2000
	disk := smallDisk(t)
	l := newLab(t, filepath.Join(disk, "var"), "", readers)
	n := l.node(l.config.DataDir)
	l.close() // Postgres is the service's own, and nobody else's to start again
	n.start()
	l.open()
	edition := l.publish(n)()
	l.accepted(readers / 4)
	ballast := fill(t, disk)
	until(t, "Postgres finds no room for the next segment of its log", func() bool {
		_, err := l.desk.Pool.Exec(t.Context(), `SELECT pg_switch_wal()`)
		return err != nil
	})
	if status := n.signUp("someone@example.com"); status != http.StatusServiceUnavailable {
		t.Errorf("a sign-up with the disk full answers %d", status)
	}
	before := l.relay.Journal.Len()
	pass(20 * time.Second)
	t.Logf("%d mails before the disk was full, %d after 20 s of it", before, l.relay.Journal.Len())
	if !n.running() {
		t.Fatalf("the service ended with the disk full: %s", n.cmd.ProcessState)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	until(t, "the service is ready again", n.ready)
	l.desk.Pool.Reset()
	f := l.reconcile(edition, readers)
	if len(f.Twice) > connections {
		t.Errorf("%d mails came twice, more than the %d connections", len(f.Twice), connections)
	}
	t.Log(f)
}

// smallDisk is a file system of its own, which only root may mount.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=200m,mode=755"); err != nil {
		t.Skipf("no small disk can be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill leaves no octet free and returns the file that takes the room.
func fill(t *testing.T, dir string) (path string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, err = io.Copy(f, endless{})
	t.Logf("the disk is full: %v", err)
	return f.Name()
}

// endless is zeros without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
