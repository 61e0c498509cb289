package mailer_test

import (
	"fmt"
	"testing"
	"time"

	"vistka/internal/mailer"
)

// What one confirmation leaves behind for the next is nothing of its own: a
// retry has the same bytes in any process, whatever was composed before.
func TestConfirmationIsTheSameAfterOthers(t *testing.T) {
	t.Parallel()
	content := func(n int) mailer.ConfirmationContent {
		link := fmt.Sprintf("https://news.example.com/confirm/AAAAAAAAAAc%04dVniQ", n)
		at := sentAt.Add(time.Duration(n) * 7 * time.Second)
		return mailer.ConfirmationContent{
			Newsletter: newsletterIn("en"), Locale: []string{"en", "uk"}[n%2], Date: at, AskedAt: at.Add(-time.Minute), ExpiresAt: at.Add(72 * time.Hour),
			ConfirmURL: link, NotMeURL: link + "/not-me", Code: fmt.Sprintf("%06d", n), PageURL: fmt.Sprintf("https://site%d.example.com/", n%3),
		}
	}
	busy := newRenderer(t)
	for n := range 12 {
		got, err := busy.CompileConfirmation(content(n))
		if err != nil {
			t.Fatal(err)
		}
		alone, err := freshRenderer()
		if err != nil {
			t.Fatal(err)
		}
		want, err := alone.CompileConfirmation(content(n))
		if err != nil {
			t.Fatal(err)
		}
		if a, b := string(got.Append(nil, reader)), string(want.Append(nil, reader)); a != b {
			t.Fatalf("confirmation %d:\n%s\nand alone:\n%s", n, a, b)
		}
	}
}

func BenchmarkConfirmation(b *testing.B) {
	r := newRenderer(b)
	c := mailer.ConfirmationContent{
		Newsletter: newsletterIn("en"), Locale: "en", Date: sentAt, AskedAt: sentAt, ExpiresAt: sentAt.Add(72 * time.Hour),
		ConfirmURL: "https://news.example.com/confirm/AAAAAAAAAAc", NotMeURL: "https://news.example.com/not-me/AAAAAAAAAAc", Code: "401926",
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.CompileConfirmation(c); err != nil {
			b.Fatal(err)
		}
	}
}
