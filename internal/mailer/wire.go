package mailer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// Envelope is whom a message is from and to on the wire (RFC 5321 section 2.3.1).
type Envelope struct {
	From     string // without angle brackets, domain as A-labels
	To       string // exactly one, see A14
	SMTPUTF8 bool   // the addresses need RFC 6531
}

// Conn is one session with a relay. Not safe for parallel use.
type Conn struct {
	client *smtp.Client
	socket *boundedConn
	cfg    RelayConfig
	born   time.Time
	sent   int
	dirty  bool // a transaction was begun and not ended: RSET first
	dead   bool
}

// ErrHeld wraps what beforeDot returned: the message was not ended, the relay
// has nothing, the connection is closed.
var ErrHeld = errors.New("message held back before its final dot")

// Alive says whether another message may be sent.
func (c *Conn) Alive() bool { return !c.dead }

// Sent counts the messages the relay accepted on this connection.
func (c *Conn) Sent() int { return c.sent }

// Age is how long ago the connection was made.
func (c *Conn) Age() time.Duration { return time.Since(c.born) }

// Close drops the connection without a word: the only safe way out when it is
// not known where the dialogue stands.
func (c *Conn) Close() {
	c.dead = true
	c.socket.Close()
}

// Quit ends the session politely. What the relay answers changes nothing.
func (c *Conn) Quit() {
	if c.dead {
		return
	}
	if err := c.client.UpdateDeadline(c.cfg.Timeouts.Quit); err == nil {
		_ = c.client.Quit()
	}
	c.Close()
}

// Send hands one message to the relay. body is complete: CRLF line ends,
// dot-stuffed, ending in CRLF, without the final dot. When the body has
// travelled and only the dot is missing, beforeDot is called; if it returns an
// error the connection is closed, the relay has nothing, and Send returns
// ErrHeld wrapping that error.
//
// The Reply tells how far the dialogue got and is what Classify judges; its
// Code is 0 when no complete answer came, then err says why. A refusal by the
// relay is a Reply without an error. ctx ending closes the connection.
func (c *Conn) Send(ctx context.Context, env Envelope, body []byte, beforeDot func() error) (Reply, error) {
	if c.dead {
		return Reply{Stage: StageMail}, errors.New("send: connection is closed")
	}
	if r, ok := c.check(env, body); !ok {
		return r, nil
	}
	stop := context.AfterFunc(ctx, func() { c.socket.Close() })
	r, err := c.send(env, body, beforeDot)
	if !stop() {
		c.Close()
		if err != nil && !errors.Is(err, ErrHeld) {
			err = fmt.Errorf("%w (%w)", ctx.Err(), err)
		}
	}
	if err != nil || Classify(r).Drop {
		c.Close()
	}
	return r, err
}

// check refuses locally what the relay must not see.
func (c *Conn) check(env Envelope, body []byte) (Reply, bool) {
	for _, a := range []string{env.From, env.To} {
		if a == "" || len(a) > 320 || strings.ContainsFunc(a, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' }) {
			return Reply{Stage: StageRcpt, Code: 553, Enhanced: "5.5.4", Text: "address cannot be written in an envelope", Local: true}, false
		}
	}
	if env.SMTPUTF8 && !c.offers("SMTPUTF8") {
		return Reply{Stage: StageRcpt, Code: 553, Enhanced: "5.6.7", Text: "the relay does not take non-ASCII addresses (SMTPUTF8)", Local: true}, false
	}
	if !bytes.HasSuffix(body, []byte("\r\n")) {
		return Reply{Stage: StageData, Code: 554, Enhanced: "5.6.0", Text: "message is not complete", Local: true}, false
	}
	return Reply{}, true
}

func (c *Conn) offers(extension string) bool {
	ok, _ := c.client.Extension(extension)
	return ok
}

func (c *Conn) send(env Envelope, body []byte, beforeDot func() error) (Reply, error) {
	t := c.cfg.Timeouts
	if c.dirty {
		if r, err := c.command(StageMail, t.Command, "RSET"); err != nil || r.Code/100 != 2 {
			return Reply{Stage: StageMail}, errors.Join(errors.New("send: relay did not reset"), err)
		}
		c.dirty = false
	}
	from := "MAIL FROM:<" + env.From + ">"
	if eightBit(body) && c.offers("8BITMIME") {
		from += " BODY=8BITMIME"
	}
	if env.SMTPUTF8 {
		from += " SMTPUTF8"
	}
	c.dirty = true
	for _, step := range []struct {
		stage   Stage
		line    string
		want    int
		timeout time.Duration
	}{
		{StageMail, from, 2, t.Command},
		{StageRcpt, "RCPT TO:<" + env.To + ">", 2, t.Command},
		{StageData, "DATA", 3, t.Data},
	} {
		r, err := c.command(step.stage, step.timeout, step.line)
		if err != nil || r.Code/100 != step.want {
			return r, err
		}
	}
	if err := c.write(body); err != nil {
		return Reply{Stage: StageBody}, fmt.Errorf("send body: %w", err)
	}
	if err := beforeDot(); err != nil {
		return Reply{Stage: StageBody}, fmt.Errorf("%w: %w", ErrHeld, err)
	}
	r, err := c.command(StageFinal, t.Final, ".")
	c.dirty = false
	if err == nil && r.Code/100 == 2 {
		c.sent++
	}
	return r, err
}

// writeBlock is how much of a body is written under one deadline, in octets.
const writeBlock = 64 << 10

// write sends the body in blocks and flushes it; the buffer of the library's
// writer is used so that a small message is one packet.
func (c *Conn) write(body []byte) error {
	for len(body) > 0 {
		n := min(len(body), writeBlock)
		if err := c.client.UpdateDeadline(c.cfg.Timeouts.Body); err != nil {
			return err
		}
		if _, err := c.client.Text.W.Write(body[:n]); err != nil {
			return err
		}
		body = body[n:]
	}
	return c.client.Text.W.Flush()
}

// command writes one line and reads one reply. The final dot is such a line:
// textproto's DotWriter is not used, for it ends a message on any mishap.
func (c *Conn) command(stage Stage, timeout time.Duration, line string) (Reply, error) {
	r := Reply{Stage: stage}
	if err := c.client.UpdateDeadline(timeout); err != nil {
		return r, err
	}
	c.socket.reset()
	if err := c.client.Text.PrintfLine("%s", line); err != nil {
		return r, fmt.Errorf("%s: %w", stage, err)
	}
	if err := r.read(c.client.Text.R); err != nil {
		return r, fmt.Errorf("%s: %w", stage, err)
	}
	return r, nil
}

func eightBit(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return true
		}
	}
	return false
}
