package smtptest

import (
	"net/smtp"
	"os"
	"path/filepath"
	"testing"
)

func TestJournalOutlivesTheServer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	for i, body := range []string{"Message-ID: <1@x>\r\n\r\n.one\r\n", "Message-ID: <1@x>\r\n\r\n.one\r\n", "Message-ID: <1@x>\r\n\r\ntwo\r\n"} {
		s, err := Start(Options{Journal: path})
		if err != nil {
			t.Fatal(err)
		}
		if err := smtp.SendMail(s.Addr(), nil, "a@x.example", []string{"b@x.example"}, []byte(body)); err != nil {
			t.Fatal(err)
		}
		if err := smtp.SendMail(s.Addr(), nil, "a@x.example", []string{"550@x.example"}, []byte(body)); err == nil {
			t.Fatal("550@ is taken")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		mails, err := ReadJournal(path)
		if err != nil || len(mails) != i+1 {
			t.Fatalf("%d mails, %v", len(mails), err)
		}
		if n, same := Accepted(mails, "<1@x>", "b@x.example"); n != i+1 || same != (i < 2) {
			t.Fatalf("%d times, the same bytes: %v", n, same)
		}
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"conn":1,"from":"cut`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if mails, err := ReadJournal(path); err != nil || len(mails) != 3 {
		t.Fatalf("after a cut line: %d mails, %v", len(mails), err)
	}
}
