package mailer_test

import (
	"fmt"
	"strings"
	"testing"

	"vistka/internal/mailer"
	"vistka/internal/mailer/smtptest"
)

// chain sends to each address, every message opened in the write that ends the
// one before, and returns what became of each. It stops where one is not opened.
func chain(conn *mailer.Conn, addresses ...string) (finals []mailer.Answer, last mailer.Answer) {
	m := message(addresses[0])
	opened := conn.Open(m)
	for i := 1; opened.Opened(); i++ {
		var next *mailer.Message
		if i < len(addresses) {
			next = message(addresses[i])
		}
		var final mailer.Answer
		final, opened = conn.Finish(m, next)
		finals = append(finals, final)
		if m = next; m == nil {
			break
		}
	}
	return finals, opened
}

// One round trip a mail: the next one's commands are there before the answer
// to the dot, exactly where the relay offers it (RFC 2920).
func TestOneRoundTripAMail(t *testing.T) {
	t.Parallel()
	for _, offered := range []bool{true, false} {
		t.Run(fmt.Sprint("offered ", offered), func(t *testing.T) {
			t.Parallel()
			s := lab(t, smtptest.Options{NoPipelining: !offered})
			finals, _ := chain(dialLab(t, config(s)), "a@example.org", "b@example.org", "c@example.org")
			if len(finals) != 3 || s.Journal.Len() != 3 {
				t.Fatalf("%d answers, %d mails", len(finals), s.Journal.Len())
			}
			for i, e := range s.Events(smtptest.Final) {
				if want := offered && i < 2; e.Ahead != want {
					t.Errorf("message %d: the next one's commands were there: %v, want %v", i, e.Ahead, want)
				}
			}
			for _, m := range s.Journal.Mails() {
				if string(m.Data) != strings.Replace(testBody, "..stuffed", ".stuffed", 1) {
					t.Errorf("bytes differ: %q", m.Data)
				}
			}
		})
	}
}

// What is said to the message that was opened ahead concerns that message
// alone, and whatever happens to it, the one before has its own answer.
func TestRefusedAhead(t *testing.T) {
	t.Parallel()
	second := func(stage smtptest.Stage, a smtptest.Action) func(smtptest.Event) smtptest.Action {
		return func(e smtptest.Event) smtptest.Action {
			if e.Stage == stage && e.Message == 2 {
				return a
			}
			return smtptest.Action{}
		}
	}
	for _, tt := range []struct {
		name   string
		script func(smtptest.Event) smtptest.Action
		want   mailer.Action
		alive  bool
	}{
		{"MAIL 451", second(smtptest.MAIL, smtptest.Action{Reply: "451 4.3.2 busy"}), mailer.PauseAll, true},
		{"MAIL 550", second(smtptest.MAIL, smtptest.Action{Reply: "550 5.7.1 no"}), mailer.RefusedUs, true},
		{"MAIL 421", second(smtptest.MAIL, smtptest.Action{Reply: "421 4.3.2 bye", Close: true}), mailer.PauseAll, false},
		{"closed instead of MAIL's answer", second(smtptest.MAIL, smtptest.Action{Close: true}), mailer.Reconnect, false},
		{"RCPT 550, DATA refused", func(e smtptest.Event) smtptest.Action {
			return map[smtptest.Stage]smtptest.Action{
				smtptest.RCPT: {Reply: "550 5.1.1 no such user"}, smtptest.DATA: {Reply: "503 5.5.1 RCPT first"},
			}[onlySecond(e)]
		}, mailer.Fail, true},
		{"RCPT 550, DATA waits for a message to nobody", func(e smtptest.Event) smtptest.Action {
			return map[smtptest.Stage]smtptest.Action{
				smtptest.RCPT: {Reply: "550 5.1.1 no such user"}, smtptest.DATA: {Reply: "354 go ahead"},
			}[onlySecond(e)]
		}, mailer.Fail, true},
		{"MAIL 550, the rest accepted", func(e smtptest.Event) smtptest.Action {
			return map[smtptest.Stage]smtptest.Action{
				smtptest.MAIL: {Reply: "550 5.7.1 no"}, smtptest.RCPT: {Reply: "250 ok"}, smtptest.DATA: {Reply: "354 go ahead"},
			}[onlySecond(e)]
		}, mailer.RefusedUs, false},
		{"RCPT 450", second(smtptest.RCPT, smtptest.Action{Reply: "450 4.2.0 greylisted"}), mailer.Retry, true},
		{"RCPT 421", second(smtptest.RCPT, smtptest.Action{Reply: "421 4.3.2 closing"}), mailer.Reconnect, false},
		{"reset at RCPT", second(smtptest.RCPT, smtptest.Action{Reset: true}), mailer.Reconnect, false},
		{"DATA 451", second(smtptest.DATA, smtptest.Action{Reply: "451 4.3.0 later"}), mailer.PauseAll, true},
		{"DATA 250", second(smtptest.DATA, smtptest.Action{Reply: "250 ok"}), mailer.PauseAll, false},
	} {
		for _, pipelined := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, pipelined %v", tt.name, pipelined), func(t *testing.T) {
				t.Parallel()
				s := lab(t, smtptest.Options{NoPipelining: !pipelined})
				s.Script(tt.script)
				conn := dialLab(t, config(s))
				finals, opened := chain(conn, "a@example.org", "b@example.org")
				if len(finals) != 1 || mailer.Classify(finals[0].Reply).Action != mailer.Accepted {
					t.Fatalf("the first message: %+v", finals)
				}
				alive := tt.alive || !pipelined && strings.HasSuffix(tt.name, "the rest accepted") // which is never asked
				if got := mailer.Classify(opened.Reply).Action; got != tt.want || conn.Alive() != alive {
					t.Fatalf("%+v means %s, want %s; alive %v", opened, got, tt.want, conn.Alive())
				}
				if n := len(s.Journal.To("a@example.org")); n != 1 || len(s.Journal.To("b@example.org")) != 0 {
					t.Fatalf("accepted %d and %d", n, len(s.Journal.To("b@example.org")))
				}
				if !tt.alive {
					return
				}
				s.Script(nil)
				if r, err := sendTo(conn, "c@example.org"); err != nil || r.Code != 250 || len(s.Journal.To("c@example.org")) != 1 {
					t.Fatalf("the next message: %+v, %v", r, err)
				}
			})
		}
	}
}

func onlySecond(e smtptest.Event) smtptest.Stage {
	if e.Message != 2 {
		return ""
	}
	return e.Stage
}

// A relay that goes away at the dot leaves that message in doubt and the one
// that was opened ahead untried; one that refuses it goes on.
func TestFinalAnswerWithOneAhead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		action        smtptest.Action
		final, opened mailer.Action
		accepted      int
	}{
		{"closed, taken", smtptest.Action{Close: true, Journal: true}, mailer.InDoubt, mailer.Reconnect, 1},
		{"reset, not taken", smtptest.Action{Reset: true}, mailer.InDoubt, mailer.Reconnect, 0},
		{"421", smtptest.Action{Reply: "421 4.3.2 later", Close: true}, mailer.Retry, mailer.Reconnect, 0},
		{"250, then closed", smtptest.Action{Reply: "250 2.0.0 ok", Close: true}, mailer.Accepted, mailer.Reconnect, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := lab(t, smtptest.Options{})
			s.Script(func(e smtptest.Event) smtptest.Action {
				if e.Stage == smtptest.Final {
					return tt.action
				}
				return smtptest.Action{}
			})
			conn := dialLab(t, config(s))
			finals, opened := chain(conn, "a@example.org", "b@example.org")
			if len(finals) != 1 || mailer.Classify(finals[0].Reply).Action != tt.final || mailer.Classify(opened.Reply).Action != tt.opened {
				t.Fatalf("%+v, then %+v", finals, opened)
			}
			if s.Journal.Len() != tt.accepted || conn.Alive() {
				t.Fatalf("accepted %d, alive %v", s.Journal.Len(), conn.Alive())
			}
		})
	}
}

// A message that cannot be written in an envelope fails alone, the one before
// it goes out, the connection lasts.
func TestUnwritableAhead(t *testing.T) {
	t.Parallel()
	s := lab(t, smtptest.Options{})
	conn := dialLab(t, config(s))
	finals, opened := chain(conn, "a@example.org", "b>@example.org")
	if len(finals) != 1 || finals[0].Code != 250 || !opened.Local || mailer.Classify(opened.Reply).Action != mailer.Fail {
		t.Fatalf("%+v, %+v", finals, opened)
	}
	if r, err := sendTo(conn, "c@example.org"); err != nil || r.Code != 250 {
		t.Fatalf("the next message: %+v, %v", r, err)
	}
}

// A body of several write blocks arrives whole, dot and all.
func TestLargeBody(t *testing.T) {
	t.Parallel()
	s := lab(t, smtptest.Options{})
	conn := dialLab(t, config(s))
	body := "Subject: large\r\n\r\n" + strings.Repeat("A line of forty octets, more or less it is.\r\n", 5000)
	for i := range 4 { // the dot falls on either side of a block's end
		m := message("a@example.org")
		m.Body = []byte(body[:64<<10-i-2] + "\r\n")
		if r, err := send(conn, m); err != nil || r.Code != 250 {
			t.Fatalf("%+v, %v", r, err)
		}
		if got := s.Journal.Mails()[i].Data; string(got) != string(m.Body) {
			t.Fatalf("%d octets arrived of %d", len(got), len(m.Body))
		}
	}
}
