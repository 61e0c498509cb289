package mailer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vistka/internal/mailer"
	"vistka/internal/mailer/smtptest"
)

const testBody = "Subject: hello\r\nMessage-ID: <one@news.example>\r\n\r\nA line.\r\n..stuffed\r\n"

func lab(t *testing.T, o smtptest.Options) *smtptest.Server {
	t.Helper()
	s, err := smtptest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func config(s *smtptest.Server) mailer.RelayConfig {
	return mailer.RelayConfig{Host: "127.0.0.1", Port: s.Port(), TLS: mailer.TLSNone, Timeouts: mailer.Timeouts{
		Connect: 5 * time.Second, Command: 5 * time.Second, Data: 5 * time.Second, Body: 5 * time.Second, Final: 5 * time.Second, Quit: time.Second,
	}}
}

func dialLab(t *testing.T, c mailer.RelayConfig) *mailer.Conn {
	t.Helper()
	conn, err := mailer.Dial(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func message(to string) *mailer.Message {
	return &mailer.Message{From: "news@news.example", To: to, Body: []byte(testBody)}
}

// send hands over one message with nothing behind it.
func send(conn *mailer.Conn, m *mailer.Message) (mailer.Reply, error) {
	a := conn.Open(m)
	if a.Opened() {
		a, _ = conn.Finish(m, nil)
	}
	return a.Reply, a.Err
}

func sendTo(conn *mailer.Conn, to string) (mailer.Reply, error) { return send(conn, message(to)) }

// TestTable2 has a row for each of the table in docs/rules.md after the greeting,
// played by a server: what the code makes of it, whether the relay has the
// mail, and whether the connection may go on.
func TestTable2(t *testing.T) {
	t.Parallel()
	on := func(stage smtptest.Stage, a smtptest.Action) func(smtptest.Event) smtptest.Action {
		return func(e smtptest.Event) smtptest.Action {
			if e.Stage == stage {
				return a
			}
			return smtptest.Action{}
		}
	}
	says := func(stage smtptest.Stage, reply string) func(smtptest.Event) smtptest.Action {
		return on(stage, smtptest.Action{Reply: reply})
	}
	hard, soft := mailer.ChargeHard, mailer.ChargeSoft
	for _, tt := range []struct {
		name     string
		script   func(smtptest.Event) smtptest.Action
		want     mailer.Verdict
		accepted int
		quick    bool // a stage that never answers: short timeouts
	}{
		{"accepted", nil, mailer.Verdict{Action: mailer.Accepted}, 1, false},
		{"accepted, several lines", says(smtptest.Final, "250-2.0.0 ok\r\n250 2.0.0 queued as 7"), mailer.Verdict{Action: mailer.Accepted}, 1, false},
		{"accepted, bare code", says(smtptest.Final, "250"), mailer.Verdict{Action: mailer.Accepted}, 1, false},
		{"MAIL 4xx", says(smtptest.MAIL, "451 4.3.2 busy"), mailer.Verdict{Action: mailer.PauseAll}, 0, false},
		{"MAIL 421", says(smtptest.MAIL, "421 4.3.2 closing"), mailer.Verdict{Action: mailer.PauseAll, Drop: true}, 0, false},
		{"MAIL 5xx", says(smtptest.MAIL, "550 5.7.1 not you"), mailer.Verdict{Action: mailer.RefusedUs, Policy: true}, 0, false},
		{"MAIL closed", on(smtptest.MAIL, smtptest.Action{Close: true}), mailer.Verdict{Action: mailer.Reconnect, Drop: true}, 0, false},
		{"RCPT 421", says(smtptest.RCPT, "421 4.3.2 closing"), mailer.Verdict{Action: mailer.Reconnect, Charge: soft, Drop: true}, 0, false},
		{"RCPT 421 rate", says(smtptest.RCPT, "421 4.7.28 unusual rate"), mailer.Verdict{Action: mailer.Retry, Charge: soft, Slow: true, Drop: true}, 0, false},
		{"RCPT 450 one mailbox", says(smtptest.RCPT, "450 4.2.1 The user you are trying to contact is receiving email at a rate that prevents it"), mailer.Verdict{Action: mailer.Retry, Charge: soft}, 0, false},
		{"RCPT 450", says(smtptest.RCPT, "450 4.2.0 greylisted"), mailer.Verdict{Action: mailer.Retry, Charge: soft}, 0, false},
		{"RCPT 451 greylisting as policy", says(smtptest.RCPT, "451 4.7.1 Greylisting in action, please slow down"), mailer.Verdict{Action: mailer.Retry, Charge: soft}, 0, false},
		{"RCPT 452", says(smtptest.RCPT, "452 4.2.2 mailbox full"), mailer.Verdict{Action: mailer.Retry, Charge: soft}, 0, false},
		{"RCPT 5.1.1", says(smtptest.RCPT, "550 5.1.1 no such user"), mailer.Verdict{Action: mailer.Fail, Charge: mailer.ChargeGone}, 0, false},
		{"RCPT 5.1.2", says(smtptest.RCPT, "550 5.1.2 no such host"), mailer.Verdict{Action: mailer.Fail, Charge: hard}, 0, false},
		{"RCPT 5.1.10", says(smtptest.RCPT, "556 5.1.10 null MX"), mailer.Verdict{Action: mailer.Fail, Charge: hard}, 0, false},
		{"RCPT bare 550", says(smtptest.RCPT, "550 unknown mailbox"), mailer.Verdict{Action: mailer.Fail, Charge: hard}, 0, false},
		{"RCPT 5.2.2", says(smtptest.RCPT, "552 5.2.2 over quota"), mailer.Verdict{Action: mailer.Fail, Charge: soft}, 0, false},
		{"RCPT 5.2.1", says(smtptest.RCPT, "550 5.2.1 disabled"), mailer.Verdict{Action: mailer.Fail, Charge: soft}, 0, false},
		{"RCPT 5.2.1 rate", says(smtptest.RCPT, "550-5.2.1 The user you are trying to contact is receiving email at a rate that\r\n550 5.2.1 prevents additional messages"), mailer.Verdict{Action: mailer.Retry}, 0, false},
		{"RCPT 5.7.x", says(smtptest.RCPT, "550 5.7.26 unauthenticated"), mailer.Verdict{Action: mailer.Fail, Policy: true}, 0, false},
		{"RCPT 550 naming a blocklist", says(smtptest.RCPT, "550 5.1.1 listed at dnsbl.example, blocked"), mailer.Verdict{Action: mailer.Fail, Policy: true}, 0, false},
		{"RCPT 550, policy word only in the address", says(smtptest.RCPT, "550 5.1.1 <spam@blocked.example> unknown"), mailer.Verdict{Action: mailer.Fail, Charge: mailer.ChargeGone}, 0, false},
		{"RCPT not a reply", says(smtptest.RCPT, "what?"), mailer.Verdict{Action: mailer.Retry, Drop: true}, 0, false},
		{"RCPT code outside 2 to 5", says(smtptest.RCPT, "650 hm"), mailer.Verdict{Action: mailer.Retry, Drop: true}, 0, false},
		{"DATA 4xx", says(smtptest.DATA, "451 4.3.0 later"), mailer.Verdict{Action: mailer.PauseAll}, 0, false},
		{"DATA 5xx", says(smtptest.DATA, "554 5.5.1 no"), mailer.Verdict{Action: mailer.RefusedUs, Policy: true}, 0, false},
		{"DATA 250 instead of 354", says(smtptest.DATA, "250 ok"), mailer.Verdict{Action: mailer.PauseAll, Drop: true}, 0, false},
		{"final 4xx", says(smtptest.Final, "451 4.3.0 later"), mailer.Verdict{Action: mailer.Retry}, 0, false},
		{"final 5xx content", says(smtptest.Final, "554 5.6.0 malformed"), mailer.Verdict{Action: mailer.Fail, Policy: true}, 0, false},
		{"final 5xx policy", says(smtptest.Final, "550 5.7.1 looks like spam"), mailer.Verdict{Action: mailer.Fail, Policy: true}, 0, false},
		{"final 5.1.1", says(smtptest.Final, "550 5.1.1 no such user"), mailer.Verdict{Action: mailer.Fail, Charge: mailer.ChargeGone}, 0, false},
		{"final bare 550", says(smtptest.Final, "550 no"), mailer.Verdict{Action: mailer.Fail}, 0, false},
		{"final closed, accepted", on(smtptest.Final, smtptest.Action{Close: true, Journal: true}), mailer.Verdict{Action: mailer.InDoubt, Drop: true}, 1, false},
		{"final RST, accepted", on(smtptest.Final, smtptest.Action{Reset: true, Journal: true}), mailer.Verdict{Action: mailer.InDoubt, Drop: true}, 1, false},
		{"final cut inside the line", on(smtptest.Final, smtptest.Action{Reply: "25", Raw: true, Close: true, Journal: true}), mailer.Verdict{Action: mailer.InDoubt, Drop: true}, 1, false},
		{"final cut between lines", on(smtptest.Final, smtptest.Action{Reply: "250-half", Close: true, Journal: true}), mailer.Verdict{Action: mailer.InDoubt, Drop: true}, 1, false},
		{"final never answered", on(smtptest.Final, smtptest.Action{Hang: true, Journal: true}), mailer.Verdict{Action: mailer.InDoubt, Drop: true}, 1, true},
		{"250, then closed", on(smtptest.Final, smtptest.Action{Reply: "250 2.0.0 ok", Close: true}), mailer.Verdict{Action: mailer.Accepted}, 1, false},
		{"body: reset before the dot", on(smtptest.Body, smtptest.Action{Reset: true}), mailer.Verdict{Action: mailer.InDoubt, Drop: true}, 0, false},
	} {
		for _, pipelined := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, pipelined %v", tt.name, pipelined), func(t *testing.T) {
				t.Parallel()
				s := lab(t, smtptest.Options{NoPipelining: !pipelined})
				s.Script(tt.script)
				c := config(s)
				if tt.quick {
					c.Timeouts.Final = 50 * time.Millisecond
				}
				conn := dialLab(t, c)
				reply, err := sendTo(conn, "reader@example.org")
				got := mailer.Classify(reply)
				if tt.name == "body: reset before the dot" {
					// A small body fits the socket: whether the RST is seen before or
					// after the dot is the network's choice. Never is it accepted.
					if (got.Action != mailer.InDoubt && got.Action != mailer.Reconnect) || !got.Drop {
						t.Fatalf("verdict %+v", got)
					}
				} else if got != tt.want {
					t.Fatalf("verdict of %+v (%v)\n got %+v\nwant %+v", reply, err, got, tt.want)
				}
				if n := s.Journal.Len(); n != tt.accepted {
					t.Fatalf("relay accepted %d mails, want %d", n, tt.accepted)
				}
				if conn.Alive() == got.Drop {
					t.Fatalf("connection alive: %v, verdict %+v", conn.Alive(), got)
				}
			})
		}
	}
}

// After a refusal the connection carries the next message, on its own terms.
func TestRefusalThenNext(t *testing.T) {
	t.Parallel()
	s := lab(t, smtptest.Options{})
	conn := dialLab(t, config(s))
	for _, to := range []string{"550@example.org", "temperror@example.org", "a@example.org", "dot-451@example.org", "b@example.org"} {
		if _, err := sendTo(conn, to); err != nil {
			t.Fatalf("%s: %v", to, err)
		}
	}
	if n := len(s.Journal.To("a@example.org")) + len(s.Journal.To("b@example.org")); n != 2 || s.Journal.Len() != 2 {
		t.Fatalf("accepted %d of 2, %d in all", n, s.Journal.Len())
	}
	if opened, _, _ := s.Connections(); opened != 1 {
		t.Fatalf("%d connections", opened)
	}
	if resets := len(s.Events(smtptest.RSET)); resets != 2 {
		t.Fatalf("%d RSETs, want 2", resets)
	}
	if got := string(s.Journal.Mails()[0].Data); got != strings.Replace(testBody, "..stuffed", ".stuffed", 1) {
		t.Fatalf("bytes differ: %q", got)
	}
}

// A message that is opened and not wanted any more leaves nothing behind (trap
// 1: a library that ends DATA on QUIT delivers half a message).
func TestOpenedAndDropped(t *testing.T) {
	t.Parallel()
	s := lab(t, smtptest.Options{})
	conn := dialLab(t, config(s))
	if a := conn.Open(message("reader@example.org")); !a.Opened() {
		t.Fatalf("%+v", a)
	}
	conn.Close()
	if a := conn.Open(message("next@example.org")); a.Opened() || mailer.Classify(a.Reply).Action != mailer.Reconnect {
		t.Fatalf("a closed connection answers %+v", a)
	}
	s.Close()
	if s.Journal.Len() != 0 || conn.Alive() {
		t.Fatalf("accepted %d, alive %v", s.Journal.Len(), conn.Alive())
	}
}

// What happens after the 250 changes nothing.
func TestErrorAfterAcceptance(t *testing.T) {
	t.Parallel()
	s := lab(t, smtptest.Options{})
	s.Script(func(e smtptest.Event) smtptest.Action {
		return smtptest.Action{Close: e.Stage == smtptest.RSET || e.Stage == smtptest.QUIT}
	})
	conn := dialLab(t, config(s))
	reply, err := sendTo(conn, "reader@example.org")
	if err != nil || mailer.Classify(reply).Action != mailer.Accepted {
		t.Fatalf("%+v, %v", reply, err)
	}
	conn.Quit()
}

// Trap 4: each stage has its own deadline, however long the session lasts.
func TestDeadlinePerStage(t *testing.T) {
	t.Parallel()
	s := lab(t, smtptest.Options{})
	s.Script(func(e smtptest.Event) smtptest.Action {
		if e.Stage == smtptest.Final {
			return smtptest.Action{Delay: 60 * time.Millisecond}
		}
		return smtptest.Action{}
	})
	c := config(s)
	c.Timeouts.Command, c.Timeouts.Final = 400*time.Millisecond, 2*time.Second
	conn := dialLab(t, c)
	for i := range 10 { // 600 ms in all
		if reply, err := sendTo(conn, fmt.Sprintf("r%d@example.org", i)); err != nil || reply.Code != 250 {
			t.Fatalf("message %d: %+v, %v", i, reply, err)
		}
	}
}

// A22: SMTPUTF8 is asked for only when an address needs it; a relay without it
// fails that message alone.
func TestSMTPUTF8(t *testing.T) {
	t.Parallel()
	for _, offered := range []bool{true, false} {
		t.Run(fmt.Sprint("offered ", offered), func(t *testing.T) {
			t.Parallel()
			s := lab(t, smtptest.Options{NoSMTPUTF8: !offered})
			conn := dialLab(t, config(s))
			if _, err := sendTo(conn, "reader@example.org"); err != nil {
				t.Fatal(err)
			}
			m := message("користувач@xn--e1aybc.xn--j1amh")
			m.SMTPUTF8 = true
			reply, err := send(conn, m)
			if err != nil {
				t.Fatal(err)
			}
			mails := s.Journal.Mails()
			if strings.Contains(mails[0].Params, "SMTPUTF8") {
				t.Fatalf("an ASCII envelope asked for SMTPUTF8: %q", mails[0].Params)
			}
			if offered {
				if len(mails) != 2 || !strings.Contains(mails[1].Params, "SMTPUTF8") {
					t.Fatalf("%d mails, %+v", len(mails), reply)
				}
				return
			}
			if v := mailer.Classify(reply); v.Action != mailer.Fail || v.Charge != mailer.ChargeNone || reply.Enhanced != "5.6.7" {
				t.Fatalf("%+v, %+v", reply, v)
			}
			if r, err := sendTo(conn, "next@example.org"); err != nil || r.Code != 250 {
				t.Fatalf("the next message: %+v, %v", r, err)
			}
		})
	}
}

func TestEnvelopeCannotBeBroken(t *testing.T) {
	t.Parallel()
	s := lab(t, smtptest.Options{})
	conn := dialLab(t, config(s))
	for _, to := range []string{"a@b>\r\nRCPT TO:<c@d", "a b@c.example", "", "a@b\x00"} {
		reply, err := sendTo(conn, to)
		if err != nil || mailer.Classify(reply).Action != mailer.Fail || !reply.Local {
			t.Fatalf("%q: %+v, %v", to, reply, err)
		}
	}
	if n := len(s.Events(smtptest.MAIL)); n != 0 {
		t.Fatalf("the relay saw %d of them", n)
	}
}

// D16: a reply that never ends is cut off.
func TestEndlessReply(t *testing.T) {
	t.Parallel()
	s := lab(t, smtptest.Options{})
	s.Script(func(e smtptest.Event) smtptest.Action {
		if e.Stage == smtptest.RCPT {
			return smtptest.Action{Reply: strings.Repeat("250-and more\r\n", 100_000), Raw: true, Hang: false}
		}
		return smtptest.Action{}
	})
	conn := dialLab(t, config(s))
	reply, err := sendTo(conn, "reader@example.org")
	if err == nil || mailer.Classify(reply).Action != mailer.Reconnect || conn.Alive() {
		t.Fatalf("%+v, %v", reply, err)
	}
}
