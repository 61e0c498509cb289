package crashlab_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// proxy stands between a program and Postgres. While it loses answers, what was
// asked now and then happens and nobody hears of it: the answer, to COMMIT or to
// anything else, is swallowed and the connection cut.
type proxy struct {
	url    string
	losing atomic.Bool
	lost   atomic.Int64

	listener net.Listener
	socket   string
	group    sync.WaitGroup

	mu    sync.Mutex
	dice  *rand.Rand
	conns map[net.Conn]bool
}

// newProxy listens before the server that url names.
func newProxy(t *testing.T, url string, dice *rand.Rand) *proxy {
	t.Helper()
	c, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{socket: filepath.Join(c.Host, fmt.Sprintf(".s.PGSQL.%d", c.Port)), dice: dice, conns: map[net.Conn]bool{}}
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	p.url = fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", c.User, p.listener.Addr(), c.Database)
	p.group.Go(p.accept)
	t.Cleanup(func() {
		p.listener.Close()
		p.mu.Lock()
		for c := range p.conns {
			c.Close()
		}
		p.mu.Unlock()
		p.group.Wait()
	})
	return p
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", p.socket)
		if err != nil {
			client.Close()
			continue
		}
		p.keep(client, true)
		p.keep(server, true)
		p.group.Go(func() {
			_, _ = io.Copy(server, client)
			server.Close()
		})
		p.group.Go(func() {
			p.answer(client, server)
			client.Close()
			server.Close()
			p.keep(client, false)
			p.keep(server, false)
		})
	}
}

func (p *proxy) keep(c net.Conn, open bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if open {
		p.conns[c] = true
	} else {
		delete(p.conns, c)
	}
}

// answer passes on what the server says, until it loses something.
func (p *proxy) answer(client, server net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		if p.losing.Load() && p.roll(40) == 0 {
			p.lost.Add(1)
			return
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) roll(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dice.IntN(n)
}
