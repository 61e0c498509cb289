package smtptest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/mail"
	"os"
	"slices"
	"sync"
)

// Mail is one accepted message.
type Mail struct {
	Conn   int    `json:"conn"`
	From   string `json:"from"`
	To     string `json:"to"`
	Params string `json:"params,omitempty"` // of MAIL FROM
	Data   []byte `json:"data"`             // dots undone
}

// MessageID is the header's value as it stands; empty if there is none.
func (m Mail) MessageID() string { return m.Header("Message-ID") }

// Header is the value of one header field, unfolded.
func (m Mail) Header(name string) string {
	msg, err := mail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		return ""
	}
	return msg.Header.Get(name)
}

// Journal is every mail that was answered 250, in order. With a path it is
// synced to disk before the answer.
type Journal struct {
	mu    sync.Mutex
	file  *os.File
	sync  bool
	mails []Mail
	grown chan struct{}
}

func openJournal(path string, noSync bool) (*Journal, error) {
	j := &Journal{sync: !noSync, grown: make(chan struct{})}
	if path == "" {
		return j, nil
	}
	mails, err := ReadJournal(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	j.mails = mails
	if j.file, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return j, nil
}

// ReadJournal reads what a server wrote, also while it writes; a last line cut
// off by a crash was never answered 250 and is left out.
func ReadJournal(path string) ([]Mail, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var mails []Mail
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadBytes('\n')
		if err == io.EOF {
			return mails, nil
		}
		if err != nil {
			return nil, err
		}
		var m Mail
		if err := json.Unmarshal(line, &m); err != nil {
			return nil, fmt.Errorf("read journal: line %d: %w", len(mails)+1, err)
		}
		mails = append(mails, m)
	}
}

func (j *Journal) add(m Mail) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file != nil {
		line, err := json.Marshal(m)
		if err != nil {
			return err
		}
		if _, err := j.file.Write(append(line, '\n')); err != nil {
			return err
		}
		if j.sync {
			if err := j.file.Sync(); err != nil {
				return err
			}
		}
	}
	j.mails = append(j.mails, m)
	close(j.grown)
	j.grown = make(chan struct{})
	return nil
}

// Mails lists what was accepted so far.
func (j *Journal) Mails() []Mail {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.mails)
}

// Len is how many were accepted so far.
func (j *Journal) Len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.mails)
}

// Grown is closed when the next mail is accepted.
func (j *Journal) Grown() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.grown
}

// Accepted tells how often a message went to a recipient and whether its bytes
// were the same each time.
func (j *Journal) Accepted(messageID, to string) (times int, same bool) {
	return Accepted(j.Mails(), messageID, to)
}

// Accepted is Journal.Accepted for mails read from a file.
func Accepted(mails []Mail, messageID, to string) (times int, same bool) {
	var first []byte
	same = true
	for _, m := range mails {
		if m.To != to || m.MessageID() != messageID {
			continue
		}
		if times++; times == 1 {
			first = m.Data
		}
		same = same && bytes.Equal(first, m.Data)
	}
	return times, same
}

// To lists what one recipient got.
func (j *Journal) To(address string) []Mail {
	return slices.DeleteFunc(j.Mails(), func(m Mail) bool { return m.To != address })
}

// Close closes the file.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}
