// Package smtptest is a relay for tests: a real SMTP server (RFC 5321) on
// loopback that can be told to misbehave at any stage, and that keeps a synced
// journal of what it accepted, so that a test can ask how often a message came
// and whether its bytes were the same.
package smtptest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Stage names a moment of the dialogue at which an Action may interfere.
type Stage string

// The stages in the order of a session.
const (
	Banner   Stage = "banner"
	EHLO     Stage = "EHLO"
	STARTTLS Stage = "STARTTLS"
	AUTH     Stage = "AUTH"
	MAIL     Stage = "MAIL"
	RCPT     Stage = "RCPT"
	DATA     Stage = "DATA"
	Body     Stage = "body"  // before anything of the message is read
	Final    Stage = "final" // the whole message has been read
	RSET     Stage = "RSET"
	QUIT     Stage = "QUIT"
)

// Event is one moment of one session.
type Event struct {
	Conn    int // sessions are numbered from 1
	Message int // MAIL commands of this session so far
	Stage   Stage
	From    string
	To      string
	Line    string // the command as it came
	Ahead   bool   // at Final: what the client wants next had come with the dot
}

// Action is what the server does at an Event; the zero Action is what a good
// relay does.
type Action struct {
	Delay   time.Duration   // before anything else
	Until   <-chan struct{} // wait for this too
	Reply   string          // instead of the usual one, without the last CRLF; at Final a 2xx still journals, another does not
	Journal bool            // at Final: journal the mail although Reply, Close, Reset or Hang hides it
	Raw     bool            // Reply is written as it is, CRLF or not
	Drip    time.Duration   // the reply comes an octet at a time, so far apart
	Close   bool            // close instead of, or after, Reply
	Reset   bool            // the same, with RST
	Hang    bool            // never answer; the connection stays open until the server closes
}

// Options say what the server offers. The zero value is plain SMTP with
// PIPELINING, 8BITMIME, SMTPUTF8 and ENHANCEDSTATUSCODES.
type Options struct {
	Addr         string // host:port; empty: a free port of 127.0.0.1
	StartTLS     bool
	ImplicitTLS  bool
	CertHosts    []string // names in the certificate; empty: 127.0.0.1 and localhost
	CertExpired  bool
	MaxTLS       uint16 // 0: the newest
	User         string // with Password: AUTH PLAIN and LOGIN are offered and demanded
	Password     string
	AuthInClear  bool // offer AUTH also before STARTTLS
	NoSMTPUTF8   bool
	No8BITMIME   bool
	NoPipelining bool
	Journal      string // file; empty: memory only
	NoSync       bool   // for load, where the journal's fsync would be what is measured
	NoMagic      bool   // do not read replies out of addresses, see magic
}

type options Options

// Server takes mail until Close.
type Server struct {
	Journal *Journal

	options

	ln   net.Listener
	cert *certificate
	quit chan struct{}

	closing sync.Once
	closed  error
	group   sync.WaitGroup

	mu     sync.Mutex
	script func(Event) Action
	conns  map[net.Conn]struct{}
	opened int
	most   int
	events []Event
}

// Start listens and serves.
func Start(o Options) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	s := &Server{options: options(o), quit: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	var err error
	if o.StartTLS || o.ImplicitTLS {
		if s.cert, err = newCertificate(o.CertHosts, o.CertExpired); err != nil {
			return nil, err
		}
	}
	if s.Journal, err = openJournal(o.Journal, o.NoSync); err != nil {
		return nil, err
	}
	if s.ln, err = net.Listen("tcp", o.Addr); err != nil {
		return nil, errors.Join(fmt.Errorf("listen: %w", err), s.Journal.Close())
	}
	s.group.Go(s.accept)
	return s, nil
}

// Addr is host:port.
func (s *Server) Addr() string { return s.ln.Addr().String() }

// Port is where the server listens.
func (s *Server) Port() int { return s.ln.Addr().(*net.TCPAddr).Port }

// ClientTLS trusts this server's authority and nothing else.
func (s *Server) ClientTLS() *tls.Config { return &tls.Config{RootCAs: s.cert.pool} }

// Script sets what happens at each event from now on; nil is a good relay. It
// is called by many sessions at once.
func (s *Server) Script(f func(Event) Action) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = f
}

// Events lists what happened so far at stage; an empty stage: everything.
func (s *Server) Events(stage Stage) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Event
	for _, e := range s.events {
		if stage == "" || e.Stage == stage {
			out = append(out, e)
		}
	}
	return out
}

// Connections counts the sessions ever opened, those open now, and the most at
// once. Whoever has said QUIT is no longer there: a client may dial again as soon
// as it has the answer, before this server has closed its own end.
func (s *Server) Connections() (opened, now, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened, len(s.conns), s.most
}

// Cut closes every session as a crash would; the server goes on listening.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
}

// Close stops listening, cuts every session and closes the journal.
func (s *Server) Close() error {
	s.closing.Do(func() {
		close(s.quit)
		err := s.ln.Close()
		s.Cut()
		s.group.Wait()
		s.closed = errors.Join(err, s.Journal.Close())
	})
	return s.closed
}

func (s *Server) accept() {
	for {
		c, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.opened++
		n := s.opened
		s.conns[c] = struct{}{}
		s.most = max(s.most, len(s.conns))
		s.mu.Unlock()
		s.group.Go(func() {
			defer func() {
				c.Close()
				s.left(c)
			}()
			newSession(s, c, n).serve()
		})
	}
}

func (s *Server) left(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

func (s *Server) decide(e Event) Action {
	s.mu.Lock()
	s.events = append(s.events, e)
	f := s.script
	s.mu.Unlock()
	if f == nil {
		return Action{}
	}
	return f(e)
}
