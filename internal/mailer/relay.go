package mailer

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// TLSMode says how the connection to a relay is protected.
type TLSMode string

const (
	TLSStartTLS TLSMode = "starttls" // plain greeting, then STARTTLS, which must succeed (RFC 3207)
	TLSImplicit TLSMode = "implicit" // TLS from the first octet (RFC 8314)
	TLSNone     TLSMode = "none"     // clear text, only when asked for by name
)

// Limits of a relay's settings. More connections than this earn nothing but a ban.
const (
	defaultConnections = 4
	maxConnections     = 256
	maxOrder           = 99
)

// RelayConfig is one relay of VISTKA_SMTP_URL and how to behave towards it.
type RelayConfig struct {
	Label       string // its name where the address says nothing, as of the built-in inbox; empty: the address
	Host        string
	Port        int
	User        string
	Password    string
	TLS         TLSMode
	Connections int     // at most so many at once
	Rate        float64 // mails a second over all connections; 0: no limit
	Daily       int     // mails a day (UTC); 0: no limit
	Order       int     // of the healthy relays those with the lowest share the mail; the others stand by
	HELO        string  // the name given in EHLO; empty: localhost

	// TLSConfig replaces the system's trust, for tests and private authorities.
	// Its ServerName and MinVersion are filled in when empty.
	TLSConfig *tls.Config
	Timeouts  Timeouts
}

// Timeouts bound each stage as RFC 5321 section 4.5.3.2 asks; a zero field is its default.
type Timeouts struct {
	Connect time.Duration // TCP, 30 s
	Command time.Duration // greeting to AUTH together, MAIL, RCPT, RSET each: 5 min
	Data    time.Duration // the answer to DATA: 2 min
	Body    time.Duration // each block of the body written: 3 min
	Final   time.Duration // the answer to the final dot: 10 min, for a spurious timeout there makes a duplicate (RFC 1047)
	Quit    time.Duration // the answer to QUIT, which nothing depends on: 2 s
}

func (t Timeouts) orDefaults() Timeouts {
	for _, f := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.Connect, 30 * time.Second},
		{&t.Command, 5 * time.Minute},
		{&t.Data, 2 * time.Minute},
		{&t.Body, 3 * time.Minute},
		{&t.Final, 10 * time.Minute},
		{&t.Quit, 2 * time.Second},
	} {
		if *f.field <= 0 {
			*f.field = f.value
		}
	}
	return t
}

// Name tells relays apart without telling the password: user@host:port.
func (c RelayConfig) Name() string {
	if c.Label != "" {
		return c.Label
	}
	if c.User == "" {
		return c.addr()
	}
	return c.User + "@" + c.addr()
}

// Loopback says whether the relay is on this machine by its address.
func (c RelayConfig) Loopback() bool {
	if c.Host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(c.Host)
	return err == nil && ip.IsLoopback()
}

func (c RelayConfig) addr() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

// ParseRelayURL reads smtp://user:password@host:port?tls=starttls|implicit|none
// &connections=N&rate=N&daily=N&order=N&helo=NAME. Scheme smtps means
// tls=implicit. Without tls, a relay on loopback is spoken to in clear when no
// password is given, every other one with STARTTLS. The error names the part to
// mend and never the password.
func ParseRelayURL(raw string) (RelayConfig, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return RelayConfig{}, errors.New("relay address: write smtp://user:password@host:587?tls=starttls, with special characters of the password percent-encoded")
	}
	c := RelayConfig{Host: u.Hostname(), Connections: defaultConnections, User: u.User.Username()}
	c.Password, _ = u.User.Password()
	fail := func(format string, args ...any) (RelayConfig, error) {
		return RelayConfig{}, fmt.Errorf("relay %s: "+format, append([]any{u.Host}, args...)...)
	}
	if u.Scheme != "smtp" && u.Scheme != "smtps" {
		return fail("the address begins with smtp:// or smtps://")
	}
	if c.Host == "" || strings.ContainsAny(c.Host, " \r\n") {
		return fail("the host is missing")
	}
	if u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return fail("nothing stands between host:port and the question mark")
	}
	if (c.User == "") != (c.Password == "") {
		return fail("user and password come together or not at all")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return fail("the part after the question mark cannot be read")
	}
	for key, values := range query {
		if len(values) != 1 {
			return fail("%s is given twice", key)
		}
		if err := c.set(key, values[0]); err != nil {
			return fail("%w", err)
		}
	}
	switch {
	case c.TLS == "" && u.Scheme == "smtps":
		c.TLS = TLSImplicit
	case c.TLS == "" && c.Loopback() && c.Password == "":
		c.TLS = TLSNone
	case c.TLS == "":
		c.TLS = TLSStartTLS
	case u.Scheme == "smtps" && c.TLS != TLSImplicit:
		return fail("smtps:// means tls=implicit")
	}
	if c.TLS == TLSNone && c.Password != "" && !c.Loopback() {
		return fail("tls=none would send the password in clear: use tls=starttls or tls=implicit")
	}
	if c.Port, err = relayPort(u.Port(), c.TLS); err != nil {
		return fail("%w", err)
	}
	return c, nil
}

func (c *RelayConfig) set(key, value string) error {
	switch key {
	case "tls":
		switch mode := TLSMode(value); mode {
		case TLSStartTLS, TLSImplicit, TLSNone:
			c.TLS = mode
		default:
			return errors.New("tls is starttls, implicit or none")
		}
	case "connections":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > maxConnections {
			return fmt.Errorf("connections is a number from 1 to %d", maxConnections)
		}
		c.Connections = n
	case "rate":
		r, err := strconv.ParseFloat(value, 64)
		if err != nil || !(r > 0 && r <= 1e6) {
			return errors.New("rate is the mails a second, more than 0")
		}
		c.Rate = r
	case "daily":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return errors.New("daily is the mails a day, more than 0")
		}
		c.Daily = n
	case "order":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > maxOrder {
			return fmt.Errorf("order is a number from 0, the first, to %d", maxOrder)
		}
		c.Order = n
	case "helo":
		if value == "" || strings.ContainsAny(value, " \r\n\t") {
			return errors.New("helo is this machine's full name in the DNS")
		}
		c.HELO = value
	default:
		return fmt.Errorf("%q is not known: tls, connections, rate, daily, order and helo are", key)
	}
	return nil
}

func relayPort(port string, mode TLSMode) (int, error) {
	if port == "" {
		switch mode {
		case TLSImplicit:
			return 465, nil
		case TLSNone:
			return 25, nil
		default:
			return 587, nil
		}
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 {
		return 0, errors.New("the port is a number from 1 to 65535")
	}
	return n, nil
}
