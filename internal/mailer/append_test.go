package mailer_test

import (
	"errors"
	"testing"

	"vistka/internal/mailer"
)

func TestAppendDoesNotAllocate(t *testing.T) {
	c, err := newRenderer(t).CompileEdition(editionOf("uk", mailer.Weekly, 4))
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 0, 256<<10)
	if n := testing.AllocsPerRun(100, func() { buf = c.Append(buf[:0], reader) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestComposingTwiceGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	a, b := everyMail(t, newRenderer(t)), everyMail(t, newRenderer(t))
	for name, first := range a {
		second := b[name]
		stored, err := first.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var back mailer.Compiled
		if err := back.UnmarshalBinary(stored); err != nil {
			t.Fatal(err)
		}
		want := string(first.Append(nil, reader))
		if string(second.Append(nil, reader)) != want || string(back.Append(nil, reader)) != want {
			t.Errorf("%s differs", name)
		}
	}
}

func TestCheckRefusesWhatWouldBreakTheMessage(t *testing.T) {
	t.Parallel()
	c, err := newRenderer(t).CompileEdition(editionOf("en", mailer.Instant, 1))
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*mailer.Recipient){
		"no address":     func(r *mailer.Recipient) { r.To = "" },
		"two addresses":  func(r *mailer.Recipient) { r.To = "a@b.example\r\nBcc: c@d.example" },
		"brackets":       func(r *mailer.Recipient) { r.MessageID = "<a@b.example>" },
		"no way out":     func(r *mailer.Recipient) { r.UnsubscribeURL = "" },
		"blank in a URL": func(r *mailer.Recipient) { r.PreferencesURL = "https://a.example/ b" },
	} {
		who := reader
		spoil(&who)
		if err := c.Check(who); !errors.Is(err, mailer.ErrRecipient) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.Check(reader); err != nil {
		t.Error(err)
	}
	// Unchecked, the header still cannot be broken.
	who := reader
	who.To = "a@b.example\r\nBcc: c@d.example"
	if head, _, _ := parts(t, c.Append(nil, who)); count(head, "Bcc") != 0 {
		t.Error(head)
	}
}

func TestNoMailOfNothingOrNobody(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	if _, err := r.CompileEdition(editionOf("en", mailer.Daily, 0)); !errors.Is(err, mailer.ErrNoArticles) {
		t.Error(err)
	}
	e := editionOf("en", mailer.Daily, 1)
	e.Newsletter.FromAddress = "nobody"
	if _, err := r.CompileEdition(e); !errors.Is(err, mailer.ErrSender) {
		t.Error(err)
	}
	if _, err := r.CompileConfirmation(mailer.ConfirmationContent{Newsletter: newsletterIn("en"), Locale: "en", Date: sentAt, ConfirmURL: "javascript:alert(1)"}); err == nil {
		t.Error("a confirmation without a link")
	}
}

func BenchmarkAppend(b *testing.B) {
	c, err := newRenderer(b).CompileEdition(editionOf("en", mailer.Instant, 1))
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 64<<10)
	b.ReportAllocs()
	for b.Loop() {
		buf = c.Append(buf[:0], reader)
	}
	b.SetBytes(int64(len(buf)))
}
