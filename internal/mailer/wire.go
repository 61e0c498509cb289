package mailer

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Message is one mail to one recipient, ready for the wire.
type Message struct {
	From     string // the envelope's, without angle brackets, domain as A-labels (RFC 5321 section 2.3.1)
	To       string // exactly one, see A14
	SMTPUTF8 bool   // the addresses need RFC 6531
	Body     []byte // complete: CRLF line ends, dot-stuffed, ending in CRLF, without the final dot; ASCII unless SMTPUTF8
}

// Answer is what the relay said last about one message, and how far the
// dialogue had got: what Classify judges. Where no complete reply came its Code
// is 0 and Err says why; a refusal is an answer without an error.
type Answer struct {
	Reply
	Err error
}

// Opened says that the relay waits for the body.
func (a Answer) Opened() bool { return a.Stage == StageData && a.Code/100 == 3 && !a.Garbled }

// Open begins a transaction: MAIL, RCPT and DATA, in one write where the relay
// pipelines. Unless the answer is Opened the relay has nothing.
func (c *Conn) Open(m *Message) Answer {
	if c.dead {
		return notAsked()
	}
	if r, ok := c.check(m); !ok {
		return Answer{Reply: r}
	}
	if !c.pipelines {
		return c.openInSteps(m)
	}
	out := c.appendEnvelope(c.out[:0], m)
	c.keep(out)
	if err := c.write(out, c.cfg.Timeouts.Command); err != nil {
		c.Close()
		return Answer{Reply{Stage: StageMail}, fmt.Errorf("%s: %w", StageMail, err)}
	}
	return c.readOpened()
}

// Finish ends the transaction that Open began: the body and the final dot. With
// a next message its transaction is begun as well, in the same write where the
// relay pipelines, so that a mail costs one round trip. Once it has returned,
// final is what became of m; opened is as Open returns it, and a relay that
// went away after m was not asked about next (Classify: Reconnect).
func (c *Conn) Finish(m, next *Message) (final, opened Answer) {
	opened = notAsked()
	if c.dead {
		return Answer{Reply: Reply{Stage: StageBody}, Err: errClosed}, opened
	}
	if next != nil {
		if r, ok := c.check(next); !ok {
			opened, next = Answer{Reply: r}, nil
		}
	}
	out := append(append(c.out[:0], m.Body...), ".\r\n"...)
	c.dirty = false // what the dot ends needs no RSET, whatever is said to it
	if next != nil && c.pipelines {
		out = c.appendEnvelope(out, next)
	}
	c.keep(out)
	if stage, err := c.writeMessage(out, len(m.Body)); err != nil {
		c.Close()
		return Answer{Reply{Stage: stage}, fmt.Errorf("%s: %w", stage, err)}, opened
	}
	final = c.read(StageFinal, c.cfg.Timeouts.Final)
	switch {
	case c.dead || next == nil:
	case c.pipelines:
		opened = c.readOpened()
	default:
		opened = c.openInSteps(next)
	}
	return final, opened
}

var errClosed = errors.New("connection is closed")

func notAsked() Answer { return Answer{Reply: Reply{Stage: StageMail}, Err: errClosed} }

// check refuses locally what the relay must not see.
func (c *Conn) check(m *Message) (Reply, bool) {
	for _, a := range [...]string{m.From, m.To} {
		if a == "" || len(a) > 320 || strings.ContainsFunc(a, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' }) {
			return Reply{Stage: StageRcpt, Code: 553, Enhanced: "5.5.4", Text: "address cannot be written in an envelope", Local: true}, false
		}
	}
	if m.SMTPUTF8 && !c.offers("SMTPUTF8") {
		return Reply{Stage: StageRcpt, Code: 553, Enhanced: "5.6.7", Text: "the relay does not take non-ASCII addresses (SMTPUTF8)", Local: true}, false
	}
	if !bytes.HasSuffix(m.Body, []byte("\r\n")) {
		return Reply{Stage: StageData, Code: 554, Enhanced: "5.6.0", Text: "message is not complete", Local: true}, false
	}
	return Reply{}, true
}

// appendEnvelope writes the commands that open a transaction, after an RSET
// where the one before was refused.
func (c *Conn) appendEnvelope(out []byte, m *Message) []byte {
	if c.dirty {
		out = append(out, "RSET\r\n"...)
	}
	out = append(c.appendMail(out, m), "\r\n"...)
	out = append(append(append(out, "RCPT TO:<"...), m.To...), ">\r\n"...)
	return append(out, "DATA\r\n"...)
}

func (c *Conn) appendMail(out []byte, m *Message) []byte {
	out = append(append(append(out, "MAIL FROM:<"...), m.From...), '>')
	if m.SMTPUTF8 {
		out = append(out, " BODY=8BITMIME SMTPUTF8"...) // which offers that too (RFC 6531 section 3.1)
	}
	return out
}

// openInSteps is for a relay that wants to answer each command (RFC 5321
// section 4.5.4): it stops at the first refusal.
func (c *Conn) openInSteps(m *Message) Answer {
	if c.dirty {
		if a := c.command(StageMail, c.cfg.Timeouts.Command, "RSET"); a.Code/100 != 2 {
			return c.outOfStep(a)
		}
	}
	c.dirty = true
	a := c.command(StageMail, c.cfg.Timeouts.Command, string(c.appendMail(c.out[:0], m)))
	if a.Code/100 != 2 {
		return a
	}
	if a = c.command(StageRcpt, c.cfg.Timeouts.Command, "RCPT TO:<"+m.To+">"); a.Code/100 != 2 {
		return a
	}
	return c.command(StageData, c.cfg.Timeouts.Data, "DATA")
}

// readOpened reads the answers to appendEnvelope. The first refusal is the
// answer; those behind it are read all the same, or every later reply would be
// taken for another one.
func (c *Conn) readOpened() Answer {
	if c.dirty {
		if a := c.read(StageMail, c.cfg.Timeouts.Command); a.Code/100 != 2 {
			return c.outOfStep(a)
		}
	}
	c.dirty = true
	mail := c.read(StageMail, c.cfg.Timeouts.Command)
	if c.dead {
		return mail
	}
	rcpt := c.read(StageRcpt, c.cfg.Timeouts.Command)
	if c.dead {
		return firstRefusal(mail, rcpt)
	}
	data := c.read(StageData, c.cfg.Timeouts.Data)
	a := firstRefusal(mail, firstRefusal(rcpt, data))
	switch {
	case !data.Opened() || a.Stage == StageData || c.dead:
	case rcpt.Code >= 400:
		// Nobody to deliver to, but the relay waits for a message: give it the
		// empty one, which it has to refuse (RFC 2920 section 3.1).
		c.command(StageFinal, c.cfg.Timeouts.Final, ".")
	default: // it might deliver an empty one
		c.Close()
	}
	return a
}

// firstRefusal gives the earlier answer unless it was a yes.
func firstRefusal(earlier, later Answer) Answer {
	if earlier.Code/100 == 2 {
		return later
	}
	return earlier
}

// outOfStep: an RSET that is refused leaves nothing to rely on.
func (c *Conn) outOfStep(a Answer) Answer {
	c.Close()
	return Answer{Reply{Stage: StageMail}, errors.Join(errors.New("relay did not reset"), a.Err)}
}

// command writes one line and reads its answer.
func (c *Conn) command(stage Stage, timeout time.Duration, line string) Answer {
	if err := c.write(append([]byte(line), "\r\n"...), timeout); err != nil {
		c.Close()
		return Answer{Reply{Stage: stage}, fmt.Errorf("%s: %w", stage, err)}
	}
	return c.read(stage, timeout)
}

// read reads one reply. Whatever makes the connection useless closes it.
func (c *Conn) read(stage Stage, timeout time.Duration) Answer {
	a := Answer{Reply: Reply{Stage: stage}}
	c.socket.reset()
	err := c.client.UpdateDeadline(timeout)
	if err == nil {
		err = a.Reply.read(c.client.Text.R)
	}
	if err != nil {
		a.Err = fmt.Errorf("%s: %w", stage, err)
	}
	wanted := 2
	if stage == StageData {
		wanted = 3
	}
	if a.Code/100 != wanted && Classify(a.Reply).Drop {
		c.Close()
	}
	return a
}
