package smtptest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"time"
)

type session struct {
	s       *Server
	raw     net.Conn
	conn    net.Conn
	in      *bufio.Reader
	n       int
	message int
	secure  bool
	known   bool
	begun   bool // MAIL was accepted
	wanted  bool // so was RCPT
	from    string
	params  string
	to      string
}

var errEnd = errors.New("session ends")

func newSession(s *Server, c net.Conn, n int) *session {
	return &session{s: s, raw: c, conn: c, in: bufio.NewReader(c), n: n}
}

// act lets the script interfere and then answers usual, or what the script says.
func (c *session) act(stage Stage, line, usual string) (replied string, err error) {
	a := c.s.decide(Event{Conn: c.n, Message: c.message, Stage: stage, From: c.from, To: c.to, Line: line})
	return c.do(a, usual)
}

func (c *session) do(a Action, usual string) (string, error) {
	if a.Delay > 0 {
		t := time.NewTimer(a.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-c.s.quit:
			return "", errEnd
		}
	}
	if a.Until != nil {
		select {
		case <-a.Until:
		case <-c.s.quit:
			return "", errEnd
		}
	}
	if a.Hang {
		<-c.s.quit
		return "", errEnd
	}
	reply := usual
	if a.Reply != "" {
		reply = a.Reply
	}
	if a.Reply == "" && (a.Close || a.Reset) {
		reply = ""
	}
	if reply != "" {
		if !a.Raw {
			reply += "\r\n"
		}
		if err := c.write(reply, a.Drip); err != nil {
			return "", err
		}
	}
	if a.Reset {
		if tcp, ok := c.raw.(*net.TCPConn); ok {
			tcp.SetLinger(0)
		}
	}
	if a.Close || a.Reset {
		c.raw.Close()
		return reply, errEnd
	}
	return reply, nil
}

// write gives an answer, as slowly as the action asks.
func (c *session) write(reply string, drip time.Duration) error {
	if drip <= 0 {
		_, err := io.WriteString(c.conn, reply)
		return err
	}
	tick := time.NewTicker(drip)
	defer tick.Stop()
	for i := range reply {
		select {
		case <-tick.C:
		case <-c.s.quit:
			return errEnd
		}
		if _, err := io.WriteString(c.conn, reply[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (c *session) serve() {
	if c.s.ImplicitTLS && c.encrypt() != nil {
		return
	}
	if _, err := c.act(Banner, "", "220 relay.test ESMTP"); err != nil {
		return
	}
	for {
		line, err := c.in.ReadString('\n')
		if err != nil || c.command(strings.TrimRight(line, "\r\n")) != nil {
			return
		}
	}
}

func (c *session) encrypt() error {
	t := tls.Server(c.raw, &tls.Config{Certificates: []tls.Certificate{c.s.cert.leaf}, MaxVersion: c.s.MaxTLS, MinVersion: tls.VersionTLS10})
	if err := t.Handshake(); err != nil {
		return err
	}
	c.conn, c.in, c.secure = t, bufio.NewReader(t), true
	return nil
}

func (c *session) command(line string) (err error) {
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO", "HELO":
		_, err = c.act(EHLO, line, c.greeting())
	case "STARTTLS":
		var reply string
		if reply, err = c.act(STARTTLS, line, "220 2.0.0 go ahead"); err == nil && strings.HasPrefix(reply, "220") {
			err = c.encrypt()
		}
	case "AUTH":
		_, err = c.act(AUTH, verb, c.authenticate(rest))
	case "MAIL":
		c.message++
		c.from, c.params = path(rest, "FROM:")
		c.to = ""
		usual := "250 2.1.0 ok"
		if c.s.User != "" && !c.known {
			usual = "530 5.7.0 log in first"
		}
		var reply string
		reply, err = c.act(MAIL, line, usual)
		c.begun, c.wanted = strings.HasPrefix(reply, "2"), false
	case "RCPT":
		c.to, _ = path(rest, "TO:")
		usual := "503 5.5.1 MAIL first"
		if c.begun {
			usual = c.magic(RCPT, "250 2.1.5 ok")
		}
		var reply string
		reply, err = c.act(RCPT, line, usual)
		c.wanted = strings.HasPrefix(reply, "2")
	case "DATA":
		err = c.data(line)
	case "RSET":
		_, err = c.act(RSET, line, "250 2.0.0 ok")
	case "NOOP":
		_, err = io.WriteString(c.conn, "250 2.0.0 ok\r\n")
	case "QUIT":
		c.s.left(c.raw)
		if _, err = c.act(QUIT, line, "221 2.0.0 bye"); err == nil {
			err = errEnd
		}
	default:
		_, err = io.WriteString(c.conn, "500 5.5.1 unknown command\r\n")
	}
	return err
}

func (c *session) data(line string) error {
	usual := "354 go ahead"
	if !c.wanted {
		usual = "554 5.5.1 no valid recipients"
	}
	reply, err := c.act(DATA, line, usual)
	if err != nil || !strings.HasPrefix(reply, "354") {
		return err
	}
	a := c.s.decide(Event{Conn: c.n, Message: c.message, Stage: Body, From: c.from, To: c.to})
	if a != (Action{}) {
		if _, err := c.do(a, ""); err != nil {
			return err
		}
	}
	body, err := readBody(c.in)
	if err != nil {
		return err
	}
	a = c.s.decide(Event{Conn: c.n, Message: c.message, Stage: Final, From: c.from, To: c.to, Ahead: c.in.Buffered() > 0})
	usual = "554 5.5.1 no valid recipients"
	if c.wanted {
		usual = c.magic(Final, "250 2.0.0 queued")
	}
	says := usual
	if a.Reply != "" {
		says = a.Reply
	}
	hidden := a.Reply == "" && (a.Hang || a.Close || a.Reset)
	if a.Journal || !hidden && strings.HasPrefix(says, "2") {
		if err := c.s.Journal.add(Mail{Conn: c.n, From: c.from, To: c.to, Params: c.params, Data: body}); err != nil {
			_, err = io.WriteString(c.conn, "452 4.3.1 "+err.Error()+"\r\n")
			return err
		}
	}
	_, err = c.do(a, usual)
	return err
}

// readBody reads to CRLF.CRLF and nothing else, undoing the dots.
func readBody(in *bufio.Reader) ([]byte, error) {
	var body []byte
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return nil, err
		}
		whole := len(body) == 0 || bytes.HasSuffix(body, []byte("\r\n"))
		if whole && string(line) == ".\r\n" {
			return body, nil
		}
		if whole && line[0] == '.' {
			line = line[1:]
		}
		body = append(body, line...)
	}
}

func (c *session) greeting() string {
	lines := []string{"relay.test", "ENHANCEDSTATUSCODES"}
	for _, x := range []struct {
		on   bool
		name string
	}{
		{!c.s.NoPipelining, "PIPELINING"},
		{!c.s.No8BITMIME, "8BITMIME"},
		{!c.s.NoSMTPUTF8, "SMTPUTF8"},
		{c.s.StartTLS && !c.secure, "STARTTLS"},
		{c.s.User != "" && (c.secure || c.s.AuthInClear), "AUTH PLAIN LOGIN"},
	} {
		if x.on {
			lines = append(lines, x.name)
		}
	}
	var b strings.Builder
	for i, l := range lines {
		sep := "-"
		if i == len(lines)-1 {
			sep = " "
		}
		fmt.Fprintf(&b, "250%s%s", sep, l)
		if sep == "-" {
			b.WriteString("\r\n")
		}
	}
	return b.String()
}

func (c *session) authenticate(rest string) string {
	mechanism, initial, _ := strings.Cut(rest, " ")
	var user, password string
	ask := func(prompt string) string {
		if _, err := io.WriteString(c.conn, "334 "+base64.StdEncoding.EncodeToString([]byte(prompt))+"\r\n"); err != nil {
			return ""
		}
		line, err := c.in.ReadString('\n')
		if err != nil {
			return ""
		}
		raw, _ := base64.StdEncoding.DecodeString(strings.TrimRight(line, "\r\n"))
		return string(raw)
	}
	switch strings.ToUpper(mechanism) {
	case "PLAIN":
		raw, _ := base64.StdEncoding.DecodeString(initial)
		parts := strings.Split(string(raw), "\x00")
		if len(parts) == 3 {
			user, password = parts[1], parts[2]
		}
	case "LOGIN":
		user, password = ask("Username:"), ask("Password:")
	default:
		return "504 5.5.4 mechanism not offered"
	}
	if user != c.s.User || password != c.s.Password {
		return "535 5.7.8 authentication failed"
	}
	c.known = true
	return "235 2.7.0 welcome"
}

var magicPart = regexp.MustCompile(`^(dot-)?([245]\d\d)(?:-(\d\.\d+\.\d+))?(?:\+.*)?$`)

// magic reads the reply out of the local part: 550@ and 451-4.7.1+any@ at RCPT,
// dot-554@ at the final dot, temperror@ as 451 at RCPT.
func (c *session) magic(stage Stage, usual string) string {
	if c.s.NoMagic {
		return usual
	}
	local, _, _ := strings.Cut(c.to, "@")
	if local == "temperror" && stage == RCPT {
		return "451 4.3.0 try again later"
	}
	m := magicPart.FindStringSubmatch(local)
	if m == nil || (m[1] != "") != (stage == Final) {
		return usual
	}
	return strings.TrimSpace(m[2]+" "+m[3]) + " as the address asks"
}

// path splits "FROM:<a@b> BODY=8BITMIME".
func path(rest, prefix string) (address, params string) {
	rest = strings.TrimSpace(rest)
	if len(rest) >= len(prefix) && strings.EqualFold(rest[:len(prefix)], prefix) {
		rest = strings.TrimSpace(rest[len(prefix):])
	}
	address, params, _ = strings.Cut(rest, ">")
	return strings.TrimPrefix(address, "<"), strings.TrimSpace(params)
}
