package mailer_test

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"time"

	"vistka/internal/mailer"
	"vistka/internal/mailer/smtptest"
)

func TestParseRelayURL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		url  string
		want mailer.RelayConfig
	}{
		{"smtp://u%40x:p%3Aw@mail.example.org?connections=10&rate=50", mailer.RelayConfig{Host: "mail.example.org", Port: 587, User: "u@x", Password: "p:w", TLS: mailer.TLSStartTLS, Connections: 10, Rate: 50}},
		{"smtps://u:p@mail.example.org", mailer.RelayConfig{Host: "mail.example.org", Port: 465, User: "u", Password: "p", TLS: mailer.TLSImplicit, Connections: 4}},
		{"smtp://127.0.0.1:2525", mailer.RelayConfig{Host: "127.0.0.1", Port: 2525, TLS: mailer.TLSNone, Connections: 4}},
		{"smtp://u:p@localhost?tls=none&helo=news.example", mailer.RelayConfig{Host: "localhost", Port: 25, User: "u", Password: "p", TLS: mailer.TLSNone, Connections: 4, HELO: "news.example"}},
		{"smtps://u:p@backup.example.org?daily=300&order=1", mailer.RelayConfig{Host: "backup.example.org", Port: 465, User: "u", Password: "p", TLS: mailer.TLSImplicit, Connections: 4, Daily: 300, Order: 1}},
		{"smtp://[::1]:25", mailer.RelayConfig{Host: "::1", Port: 25, TLS: mailer.TLSNone, Connections: 4}},
		{"smtp://mail.example.org:25", mailer.RelayConfig{Host: "mail.example.org", Port: 25, TLS: mailer.TLSStartTLS, Connections: 4}},
	} {
		got, err := mailer.ParseRelayURL(tt.url)
		if err != nil || got != tt.want {
			t.Errorf("%s\n got %+v, %v\nwant %+v", tt.url, got, err, tt.want)
		}
	}
	for _, bad := range []string{
		"", "mail.example.org:25", "http://mail.example.org", "smtp://", "smtp://secretuser@host", "smtp://u:secret@host?tls=none",
		"smtp://u:secret@host?tls=maybe", "smtp://u:secret@host?rate=0", "smtp://u:secret@host?rate=NaN", "smtp://u:secret@host?daily=0", "smtp://u:secret@host?order=-1", "smtp://u:secret@host?connections=0",
		"smtp://u:secret@host?tls=starttls&tls=none", "smtp://u:secret@host?speed=9", "smtp://u:secret@host:70000", "smtps://u:secret@host?tls=starttls",
		"smtp://u:secret@host/path", "smtp://u:sec%ret@host",
	} {
		_, err := mailer.ParseRelayURL(bad)
		if err == nil {
			t.Errorf("%q is taken", bad)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error tells the password: %v", bad, err)
		}
	}
}

func FuzzParseRelayURL(f *testing.F) {
	f.Add("smtp://u:p@host:587?tls=starttls&connections=10&rate=50")
	f.Fuzz(func(t *testing.T, raw string) {
		c, err := mailer.ParseRelayURL(raw)
		if err == nil && (c.Host == "" || c.Port < 1 || c.Port > 65535 || c.Connections < 1 || c.Rate < 0 || c.TLS == "") {
			t.Fatalf("%q gives %+v", raw, c)
		}
	})
}

// D25: what is not encrypted as asked gets neither log-in nor mail.
func TestDialRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		options smtptest.Options
		mode    mailer.TLSMode
		change  func(*mailer.RelayConfig)
		lasting bool
		code    int
	}{
		{"wrong host", smtptest.Options{StartTLS: true, CertHosts: []string{"other.example"}}, mailer.TLSStartTLS, nil, true, 0},
		{"expired", smtptest.Options{StartTLS: true, CertExpired: true}, mailer.TLSStartTLS, nil, true, 0},
		{"unknown authority", smtptest.Options{ImplicitTLS: true}, mailer.TLSImplicit, func(c *mailer.RelayConfig) { c.TLSConfig = nil }, true, 0},
		{"STARTTLS stripped", smtptest.Options{}, mailer.TLSStartTLS, func(c *mailer.RelayConfig) { c.TLSConfig = nil }, true, 0},
		{"TLS 1.1", smtptest.Options{StartTLS: true, MaxTLS: tls.VersionTLS11}, mailer.TLSStartTLS, nil, false, 0},
		{"wrong password", smtptest.Options{StartTLS: true, User: "u", Password: "right"}, mailer.TLSStartTLS, nil, true, 535},
		{"no AUTH offered", smtptest.Options{StartTLS: true}, mailer.TLSStartTLS, nil, true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := lab(t, tt.options)
			c := config(s)
			c.TLS, c.User, c.Password = tt.mode, "u", "wrong"
			if tt.options.StartTLS || tt.options.ImplicitTLS {
				c.TLSConfig = s.ClientTLS()
			}
			if tt.change != nil {
				tt.change(&c)
			}
			_, err := mailer.Dial(t.Context(), c)
			var de *mailer.DialError
			if !errors.As(err, &de) || de.Lasting != tt.lasting || de.Code != tt.code {
				t.Fatalf("error %#v (%v)", err, err)
			}
			if tt.code == 0 && len(s.Events(smtptest.AUTH)) != 0 {
				t.Fatal("the password was sent")
			}
		})
	}
}

func TestDialLogsIn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		options smtptest.Options
		mode    mailer.TLSMode
	}{
		{"starttls", smtptest.Options{StartTLS: true, User: "u", Password: "p"}, mailer.TLSStartTLS},
		{"implicit", smtptest.Options{ImplicitTLS: true, User: "u", Password: "p"}, mailer.TLSImplicit},
		{"clear on loopback", smtptest.Options{User: "u", Password: "p", AuthInClear: true}, mailer.TLSNone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := lab(t, tt.options)
			c := config(s)
			c.TLS, c.User, c.Password, c.HELO = tt.mode, "u", "p", "news.example"
			if tt.mode != mailer.TLSNone {
				c.TLSConfig = s.ClientTLS()
			}
			conn := dialLab(t, c)
			if reply, err := sendTo(conn, "reader@example.org"); err != nil || reply.Code != 250 {
				t.Fatalf("%+v, %v", reply, err)
			}
			for _, e := range s.Events(smtptest.EHLO) {
				if e.Line != "EHLO news.example" {
					t.Fatalf("greeted with %q", e.Line)
				}
			}
		})
	}
}

// A relay that accepts the connection and then is silent is left when its time
// is up or the caller's is, and the socket is not leaked.
func TestDialSilence(t *testing.T) {
	t.Parallel()
	s := lab(t, smtptest.Options{})
	s.Script(func(e smtptest.Event) smtptest.Action { return smtptest.Action{Hang: true} })
	c := config(s)
	c.Timeouts.Command = 50 * time.Millisecond
	var de *mailer.DialError
	if _, err := mailer.Dial(t.Context(), c); !errors.As(err, &de) || de.Lasting {
		t.Fatalf("error %v", err)
	}
	c.Timeouts.Command = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := mailer.Dial(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
}

func TestCleanReply(t *testing.T) {
	t.Parallel()
	got := mailer.CleanReply("no\r\nsuch <reader.name+tag@example.org> user\x00 at mx; (other@пошта.укр)\u202e " + strings.Repeat("я", 600))
	if strings.ContainsAny(got, "\r\n\x00@\u202e") || len(got) > 500 || !strings.HasPrefix(got, "no such <address> user at mx; (<address>") || !strings.HasSuffix(got, "я…") {
		t.Fatalf("%q", got)
	}
}
