package mailer

import (
	"context"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// Conn is one session with a relay, made by Dial. Not safe for parallel use.
//
// The library dials, encrypts and logs in; the dialogue after that is ours,
// since no library pipelines (RFC 2920) and since what ends a message must
// never be written by accident.
type Conn struct {
	client    *smtp.Client
	socket    *boundedConn
	cfg       RelayConfig
	born      time.Time
	pipelines bool
	dirty     bool // a transaction was begun and refused: RSET before the next
	dead      bool
	out       []byte // what is written at once, kept for its room
}

// Alive says whether another message may be sent.
func (c *Conn) Alive() bool { return !c.dead }

// Age is how long ago the connection was made.
func (c *Conn) Age() time.Duration { return time.Since(c.born) }

// CutAt drops the connection when ctx ends, whatever is under way on it. The
// returned function takes that back.
func (c *Conn) CutAt(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { c.socket.Close() })
}

// Close drops the connection without a word: the only safe way out when it is
// not known where the dialogue stands, and from an open transaction, which then
// leaves nothing at the relay.
func (c *Conn) Close() {
	c.dead = true
	c.socket.Close()
}

// Quit ends the session politely, between two transactions. What the relay
// answers changes nothing.
func (c *Conn) Quit() {
	if c.dead {
		return
	}
	if err := c.client.UpdateDeadline(c.cfg.Timeouts.Quit); err == nil {
		_ = c.client.Quit()
	}
	c.Close()
}

func (c *Conn) offers(extension string) bool {
	ok, _ := c.client.Extension(extension)
	return ok
}
