// Package inbox is the built-in mailbox for when no relay is configured: a
// real SMTP server (RFC 5321) on loopback that keeps what it accepts as .eml
// files, and pages to read them. It takes the same mails over the same wire as
// a relay would, so that nothing differs but where they end up.
package inbox

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// keep is how many mails stay; older ones are removed as new ones come.
const keep = 500

// ErrNotFound says that there is no mail of that number.
var ErrNotFound = errors.New("inbox: no such mail")

// Box is a folder of mails, NNNNNNNN.eml, numbered as they came.
type Box struct{ dir string }

// Open makes the folder if it is missing.
func Open(dir string) (*Box, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open inbox: %w", err)
	}
	return &Box{dir: dir}, nil
}

// add stores one mail durably: after it returns nil a 250 may be answered. The
// number is claimed by linking, so several processes may share the folder.
func (b *Box) add(recipient string, raw []byte) error {
	f, err := os.CreateTemp(b.dir, "*.part")
	if err != nil {
		return fmt.Errorf("store mail: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString("X-Envelope-To: " + recipient + "\r\n" + string(raw))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("store mail: %w", err)
	}
	for id := b.Newest() + 1; ; id++ {
		err := os.Link(f.Name(), b.path(id))
		if err == nil {
			return b.trim()
		}
		if !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("store mail: %w", err)
		}
	}
}

func (b *Box) trim() error {
	ids, err := b.ids()
	if err != nil || len(ids) <= keep {
		return err
	}
	for _, id := range ids[keep:] {
		if err := os.Remove(b.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("trim inbox: %w", err)
		}
	}
	return nil
}

// ids lists the mails, newest first.
func (b *Box) ids() ([]int, error) {
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return nil, fmt.Errorf("read inbox: %w", err)
	}
	var ids []int
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".eml")
		if id, err := strconv.Atoi(name); ok && err == nil {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b int) int { return cmp.Compare(b, a) })
	return ids, nil
}

// List reads the newest limit mails, newest first.
func (b *Box) List(limit int) ([]Mail, error) {
	ids, err := b.ids()
	if err != nil {
		return nil, err
	}
	var mails []Mail
	for _, id := range ids[:min(limit, len(ids))] {
		m, err := b.Get(id)
		if errors.Is(err, ErrNotFound) {
			continue // trimmed meanwhile
		}
		if err != nil {
			return nil, err
		}
		mails = append(mails, m)
	}
	return mails, nil
}

// Get reads one mail. Returns ErrNotFound if there is none of that number.
func (b *Box) Get(id int) (Mail, error) {
	raw, err := os.ReadFile(b.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return Mail{}, ErrNotFound
	}
	if err != nil {
		return Mail{}, fmt.Errorf("read mail %d: %w", id, err)
	}
	info, err := os.Stat(b.path(id))
	received := time.Time{}
	if err == nil {
		received = info.ModTime()
	}
	return parse(id, received, raw), nil
}

// Newest is the number of the mail that came last, 0 when there is none.
func (b *Box) Newest() int {
	ids, err := b.ids()
	if err != nil || len(ids) == 0 {
		return 0
	}
	return ids[0]
}

func (b *Box) path(id int) string { return filepath.Join(b.dir, fmt.Sprintf("%08d.eml", id)) }
