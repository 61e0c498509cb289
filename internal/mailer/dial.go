package mailer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// maxReply bounds what a relay may say in one stage, in octets on the wire. The
// library reads lines of any length; a relay that never ends its answer must
// not fill our memory.
const maxReply = 256 << 10

var errReplyTooLong = fmt.Errorf("reply longer than %d octets", maxReply)

// DialError is why no mail can be handed to the relay at all: nothing in it
// concerns a recipient.
type DialError struct {
	Relay   string
	Code    int  // the relay's reply, 0 when it gave none
	Lasting bool // a person has to act: certificate, log-in, refusal by 5xx
	Err     error
}

func (e *DialError) Error() string { return fmt.Sprintf("dial relay %s: %v", e.Relay, e.Err) }
func (e *DialError) Unwrap() error { return e.Err }

// Dial connects, encrypts and logs in. Certificates are verified, TLS is 1.2 or
// later, and a password is never sent in clear save to loopback with tls=none.
// Every error is a *DialError; no connection is left open then.
func Dial(ctx context.Context, cfg RelayConfig) (*Conn, error) {
	cfg.Timeouts = cfg.Timeouts.orDefaults()
	if cfg.HELO == "" {
		cfg.HELO = "localhost" // the library's own choice would tell the machine's name
	}
	conn, err := dial(ctx, cfg)
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err() // the closed socket is only how it showed
		}
		return nil, dialError(cfg, err)
	}
	return conn, nil
}

func dial(ctx context.Context, cfg RelayConfig) (*Conn, error) {
	conf := tlsConfig(cfg)
	var socket *boundedConn
	stop := func() bool { return true }
	options := []mail.Option{
		mail.WithPort(cfg.Port),
		mail.WithTimeout(cfg.Timeouts.Command),
		mail.WithTLSConfig(conf),
		mail.WithTLSPolicy(mail.NoTLS),
		mail.WithHELO(cfg.HELO),
		mail.WithoutNoop(),
		mail.WithoutRset(),
		mail.WithoutSMTPUTF8(),
		// Our own dialer, so that the socket can be closed when a later step
		// fails: the library leaves it open.
		mail.WithDialContextFunc(func(dialCtx context.Context, network, address string) (net.Conn, error) {
			d := net.Dialer{Timeout: cfg.Timeouts.Connect}
			raw, err := d.DialContext(dialCtx, network, address)
			if err != nil {
				return nil, err
			}
			socket = &boundedConn{Conn: raw}
			stop = context.AfterFunc(ctx, func() { raw.Close() }) // after the dial the library takes no context
			if cfg.TLS != TLSImplicit {
				return socket, nil
			}
			conn := tls.Client(socket, conf)
			if err := conn.HandshakeContext(dialCtx); err != nil {
				return nil, err
			}
			return conn, nil
		}),
	}
	if cfg.TLS == TLSStartTLS {
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	client, err := mail.NewClient(cfg.Host, options...)
	if err != nil {
		return nil, err
	}
	sc, err := client.DialToSMTPClientWithContext(ctx)
	if err == nil {
		err = logIn(sc, cfg)
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		if socket != nil {
			socket.Close()
		}
		return nil, err
	}
	c := &Conn{client: sc, socket: socket, cfg: cfg, born: time.Now()}
	c.pipelines = c.offers("PIPELINING")
	return c, nil
}

// OffersLogIn says whether the relay takes a user and a password (RFC 4954).
func (c *Conn) OffersLogIn() bool { return c.offers("AUTH") }

// logIn picks the mechanism itself: what may go over which connection is a
// decision of ours. LOGIN and PLAIN carry the password.
func logIn(sc *smtp.Client, cfg RelayConfig) error {
	if cfg.Password == "" {
		return nil
	}
	_, encrypted := sc.TLSConnectionState()
	if !encrypted && !(cfg.TLS == TLSNone && cfg.Loopback()) {
		return errNoClearPassword
	}
	ok, offered := sc.Extension("AUTH")
	if !ok {
		return errNoAuth
	}
	mechanisms := strings.Fields(strings.ToUpper(offered))
	var auth smtp.Auth
	switch {
	case slices.Contains(mechanisms, "SCRAM-SHA-256"):
		auth = smtp.ScramSHA256Auth(cfg.User, cfg.Password)
	case slices.Contains(mechanisms, "PLAIN"):
		auth = smtp.PlainAuth("", cfg.User, cfg.Password, cfg.Host, !encrypted)
	case slices.Contains(mechanisms, "LOGIN"):
		auth = smtp.LoginAuth(cfg.User, cfg.Password, cfg.Host, !encrypted)
	case slices.Contains(mechanisms, "CRAM-MD5"):
		auth = smtp.CRAMMD5Auth(cfg.User, cfg.Password)
	default:
		return fmt.Errorf("log in: relay offers only %s", strings.Join(mechanisms, ", "))
	}
	if err := sc.Auth(auth); err != nil {
		return &authError{err}
	}
	return nil
}

var (
	errNoClearPassword = errors.New("log in: the connection is not encrypted")
	errNoAuth          = errors.New("log in: relay does not offer AUTH")
)

type authError struct{ err error }

func (e *authError) Error() string { return "log in: " + e.err.Error() }
func (e *authError) Unwrap() error { return e.err }

func tlsConfig(cfg RelayConfig) *tls.Config {
	conf := &tls.Config{}
	if cfg.TLSConfig != nil {
		conf = cfg.TLSConfig.Clone()
	}
	if conf.ServerName == "" {
		conf.ServerName = cfg.Host
	}
	conf.MinVersion = max(conf.MinVersion, tls.VersionTLS12)
	return conf
}

func dialError(cfg RelayConfig, err error) *DialError {
	e := &DialError{Relay: cfg.Name(), Err: err}
	if reply := (*textproto.Error)(nil); errors.As(err, &reply) {
		e.Code = reply.Code
		e.Err = errors.New(CleanReply(fmt.Sprintf("%d %s", reply.Code, reply.Msg)))
		e.Lasting = reply.Code >= 500
	}
	var cert *tls.CertificateVerificationError
	var host x509.HostnameError
	var record tls.RecordHeaderError
	if errors.As(err, &cert) || errors.As(err, &host) || errors.As(err, &record) ||
		errors.Is(err, errNoAuth) || errors.Is(err, errNoClearPassword) || strings.Contains(err.Error(), "does not support STARTTLS") {
		e.Lasting = true
	}
	return e
}

// boundedConn counts what was read since the last reset, and all that was written.
type boundedConn struct {
	net.Conn
	read    atomic.Int64
	written atomic.Int64
}

func (c *boundedConn) Read(p []byte) (int, error) {
	if c.read.Load() > maxReply {
		return 0, errReplyTooLong
	}
	n, err := c.Conn.Read(p)
	c.read.Add(int64(n))
	return n, err
}

func (c *boundedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n))
	return n, err
}

func (c *boundedConn) reset() { c.read.Store(0) }
