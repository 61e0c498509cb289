package mailer

import "time"

const (
	writeBlock = 64 << 10  // octets written under one deadline
	keptRoom   = 128 << 10 // room kept from one message to the next
)

// keep holds on to the room of out, unless a rare large message made it.
func (c *Conn) keep(out []byte) {
	if cap(out) <= keptRoom {
		c.out = out
	}
}

func (c *Conn) write(p []byte, timeout time.Duration) error {
	if err := c.client.UpdateDeadline(timeout); err != nil {
		return err
	}
	w := c.client.Text.W
	if _, err := w.Write(p); err != nil {
		return err
	}
	return w.Flush()
}

// writeMessage writes a body of the given length, its dot and what follows. On
// an error the stage says whether the relay may have seen the dot: not while a
// block before it failed, nor when nothing of its block left this process.
func (c *Conn) writeMessage(out []byte, body int) (Stage, error) {
	dotted := body + len(".\r\n")
	for start := 0; start < len(out); start += writeBlock {
		end := min(start+writeBlock, len(out))
		before := c.socket.written.Load()
		if err := c.write(out[start:end], c.cfg.Timeouts.Body); err != nil {
			untouched := start < dotted && c.socket.written.Load() == before
			if end < dotted || untouched {
				return StageBody, err
			}
			return StageFinal, err
		}
	}
	return StageFinal, nil
}
