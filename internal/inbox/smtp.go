package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/emersion/go-smtp"
)

// maxSize is the largest mail taken, in octets; our own stay far below.
const maxSize = 10 << 20

// Serve takes mail on ln until ctx ends. It offers what Vistka's sender can
// use: PIPELINING, 8BITMIME, SMTPUTF8. ln is expected to be on loopback: there
// is neither TLS nor log-in.
func (b *Box) Serve(ctx context.Context, ln net.Listener) error {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{box: b}, nil
	}))
	s.Domain = "inbox.localhost"
	s.MaxMessageBytes = maxSize
	s.MaxRecipients = 1
	s.EnableSMTPUTF8 = true
	s.ReadTimeout = 5 * time.Minute
	s.WriteTimeout = time.Minute
	stop := context.AfterFunc(ctx, func() {
		s.Close()
		ln.Close() // the server knows of it only once it serves
	})
	defer stop()
	if err := s.Serve(ln); err != nil && !errors.Is(err, smtp.ErrServerClosed) && ctx.Err() == nil {
		return fmt.Errorf("serve inbox: %w", err)
	}
	return nil
}

type session struct {
	box *Box
	to  string
}

func (s *session) Mail(string, *smtp.MailOptions) error      { return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }
func (s *session) Reset()                                    { s.to = "" }
func (s *session) Logout() error                             { return nil }
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("receive mail: %w", err)
	}
	if err := s.box.add(s.to, raw); err != nil {
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "the inbox cannot store this mail now"}
	}
	return nil
}
