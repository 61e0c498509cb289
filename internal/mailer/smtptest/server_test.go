package smtptest

import (
	"net/smtp"
	"testing"
)

// A client that closes one session before it opens the next is never seen with
// two, however late this server closes its own end.
func TestOneSessionAfterAnother(t *testing.T) {
	t.Parallel()
	s, err := Start(Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const sessions = 200
	for range sessions {
		c, err := smtp.Dial(s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Quit(); err != nil {
			t.Fatal(err)
		}
	}
	if opened, _, most := s.Connections(); opened != sessions || most != 1 {
		t.Fatalf("%d sessions, %d at once", opened, most)
	}
}
