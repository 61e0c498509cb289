package main

import (
	"math"
	"net"
	"net/textproto"
	"sync"
	"time"
)

// far makes a relay on this machine as slow to answer as one that is far away:
// every octet arrives half a round trip after it was sent. What is under way
// is not limited, so it is latency that is measured and not throughput.
type far struct {
	ln   net.Listener
	to   string
	half time.Duration

	group sync.WaitGroup
	mu    sync.Mutex
	conns []net.Conn
}

const (
	farBlock = 16 << 10 // octets read at once
	farAhead = 4096     // blocks under way
)

// newFar listens on a free port in front of addr.
func newFar(addr string, roundTrip time.Duration) (*far, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &far{ln: ln, to: addr, half: roundTrip / 2}
	f.group.Go(f.accept)
	return f, nil
}

func (f *far) addr() string { return f.ln.Addr().String() }

// roundTrip is how long a relay takes to answer one command, the fastest of a few.
func roundTrip(addr string) (time.Duration, error) {
	conn, err := textproto.Dial("tcp", addr)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if _, _, err := conn.ReadResponse(220); err != nil {
		return 0, err
	}
	best := time.Duration(math.MaxInt64)
	for range 5 {
		begin := time.Now()
		if err := conn.PrintfLine("NOOP"); err != nil {
			return 0, err
		}
		if _, _, err := conn.ReadResponse(250); err != nil {
			return 0, err
		}
		best = min(best, time.Since(begin))
	}
	return best, nil
}

// close cuts every connection and waits until nothing runs any more.
func (f *far) close() {
	f.ln.Close()
	f.mu.Lock()
	for _, c := range f.conns {
		c.Close()
	}
	f.mu.Unlock()
	f.group.Wait()
}

func (f *far) accept() {
	for {
		near, err := f.ln.Accept()
		if err != nil {
			return
		}
		distant, err := net.Dial("tcp", f.to)
		if err != nil {
			near.Close()
			continue
		}
		f.mu.Lock()
		f.conns = append(f.conns, near, distant)
		f.mu.Unlock()
		f.group.Go(func() { carry(distant, near, f.half) })
		f.group.Go(func() { carry(near, distant, f.half) })
	}
}

// block is what was read at once, and when it arrives.
type block struct {
	due  time.Time
	text []byte
}

// carry copies from one connection to the other, each block half a round trip
// late, and closes both ends when either has ended.
func carry(to, from net.Conn, late time.Duration) {
	under := make(chan block, farAhead)
	go func() {
		defer close(under)
		for {
			text := make([]byte, farBlock)
			n, err := from.Read(text)
			if n > 0 {
				under <- block{time.Now().Add(late), text[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	var err error
	for b := range under {
		if err != nil {
			continue // until the reader has noticed
		}
		time.Sleep(time.Until(b.due))
		if _, err = to.Write(b.text); err != nil {
			from.Close()
		}
	}
	to.Close()
	from.Close()
}
