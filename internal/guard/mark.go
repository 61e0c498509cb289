package guard

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// mark is what the data directory remembers of a database.
type mark struct {
	Number    int64     // rises with each check
	Signature string    // of this raise, so that two copies cannot both follow it
	Timeline  int64     // of the database then; 0: unknown
	At        time.Time // by the database's clock
}

// One line of fixed width, far below a disk's sector: overwritten in place, it
// is the old one or the new one after a power cut, and the file stays the same
// file, whose number on the disk tells it from a copy.
const (
	markLayout = "%020d %-32s %010d %s\n"
	markTime   = "2006-01-02T15:04:05.000000Z"
	markLength = 20 + 1 + 32 + 1 + 10 + 1 + len(markTime) + 1
)

// markFile is the mark, locked: processes on one data directory take turns.
type markFile struct{ *os.File }

// openMark opens what a directory of this name remembers under a lineage. Each
// has a file of its own: a directory may work with several databases, and a copy
// that was given a new name remembers nothing.
func openMark(dir, name, lineage string) (markFile, error) {
	f, err := os.OpenFile(markPath(dir, name, lineage), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return markFile{}, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return markFile{}, errors.Join(fmt.Errorf("lock %s: %w (the data directory must lie on a disk that knows flock)", f.Name(), err), f.Close())
	}
	return markFile{f}, nil
}

func markPath(dir, name, lineage string) string {
	return filepath.Join(dir, "guard-"+name+"-"+lineage)
}

// read returns the zero mark for a file that was never written, and for one that
// is damaged: it remembers nothing, which locks where something should be there.
func (f markFile) read() (mark, error) {
	line := make([]byte, markLength)
	if n, err := f.ReadAt(line, 0); err != nil && !errors.Is(err, io.EOF) {
		return mark{}, err
	} else if n < markLength {
		return mark{}, nil
	}
	var m mark
	var at string
	if _, err := fmt.Sscanf(string(line), "%d %s %d %s", &m.Number, &m.Signature, &m.Timeline, &at); err != nil {
		return mark{}, nil
	}
	var err error
	if m.At, err = time.Parse(markTime, at); err != nil {
		return mark{}, nil
	}
	return m, nil
}

// write replaces the mark and waits for the disk.
func (f markFile) write(m mark) error {
	if _, err := fmt.Fprintf(io.NewOffsetWriter(f, 0), markLayout, m.Number, m.Signature, m.Timeline, m.At.UTC().Format(markTime)); err != nil {
		return err
	}
	return f.Sync()
}
