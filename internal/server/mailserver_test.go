package server_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vistka/internal/server"
)

// dns answers by the domain's name.
type dns struct{ asked atomic.Int64 }

func (d *dns) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	d.asked.Add(1)
	switch {
	case strings.HasPrefix(name, "mx."):
		return []*net.MX{{Host: "in.example.net.", Pref: 10}}, nil
	case strings.HasPrefix(name, "null."):
		return []*net.MX{{Host: ".", Pref: 0}}, nil
	case strings.HasPrefix(name, "slow."):
		<-ctx.Done()
		return nil, ctx.Err()
	case strings.HasPrefix(name, "servfail."):
		return nil, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (d *dns) LookupHost(_ context.Context, host string) ([]string, error) {
	switch {
	case strings.HasPrefix(host, "only-a."):
		return []string{"192.0.2.1"}, nil
	case strings.HasPrefix(host, "half."):
		return nil, errors.New("no network")
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func TestMailServer(t *testing.T) {
	t.Parallel()
	d, now := &dns{}, time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	check := server.LookupMailServer(d, func() time.Time { return now })
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // so that nobody waits for the slow one
	for domain, c := range map[string]struct {
		takes bool
		kept  time.Duration
	}{
		"mx.example":       {true, 10 * time.Minute},
		"only-a.example":   {true, 10 * time.Minute},
		"null.example":     {false, 10 * time.Minute},
		"nothing.example":  {false, 10 * time.Minute},
		"servfail.example": {true, time.Minute},
		"half.example":     {true, time.Minute},
		"slow.example":     {true, time.Minute},
	} {
		begin := d.asked.Load()
		for _, at := range []time.Duration{0, c.kept - time.Second} {
			now = now.Add(at)
			if got := check(ctx, domain); got != c.takes {
				t.Errorf("%s takes mail: %v", domain, got)
			}
		}
		if n := d.asked.Load() - begin; n != 1 {
			t.Errorf("%s: asked %d times while the answer is known", domain, n)
		}
		now = now.Add(time.Second)
		check(ctx, domain)
		if n := d.asked.Load() - begin; n != 2 {
			t.Errorf("%s: asked %d times, the second after %s", domain, n, c.kept)
		}
	}
}

// However many domains are made up, what is remembered is bounded: the first is
// asked for again.
func TestMailServersAreForgotten(t *testing.T) {
	t.Parallel()
	d := &dns{}
	check := server.LookupMailServer(d, func() time.Time { return time.Unix(0, 0) })
	check(t.Context(), "mx.example")
	for i := range 10_000 {
		check(t.Context(), fmt.Sprintf("mx.%d.example", i))
	}
	before := d.asked.Load()
	check(t.Context(), "mx.example")
	if d.asked.Load() == before {
		t.Error("nothing was forgotten")
	}
}

// The words stand beside the field, and only the domain decides: who is on the
// list already is answered as everybody else.
func TestNoMailServer(t *testing.T) {
	t.Parallel()
	d := &dns{}
	s := newSite(t, func(deps *server.Deps) { deps.MailServer = server.LookupMailServer(d, deps.Clock.Now) })
	for _, c := range []struct{ lang, want string }{
		{"en", `Error: We can't find a mail server for "nothing.example". Check the part after @`},
		{"uk", "Помилка: Не знаходимо поштового сервера «nothing.example». Перевірте частину після @"},
	} {
		form := foreign("nadia@nothing.example")
		form.Set("lang", c.lang)
		got := s.post("/subscribe", form, "Origin", siteOrigin)
		field := got.doc.Find("#email")
		if got.StatusCode != http.StatusUnprocessableEntity || got.text("#email-error") != c.want || field.AttrOr("value", "") != "nadia@nothing.example" ||
			!strings.Contains(field.AttrOr("aria-describedby", ""), "email-error") {
			t.Errorf("%d %q", got.StatusCode, got.text("#email-error"))
		}
	}
	s.subscribed("nadia@mx.example")
	asked := d.asked.Load()
	for _, email := range []string{"nadia@mx.example", "olha@mx.example"} {
		if got := s.post("/subscribe", foreign(email), "Origin", siteOrigin); got.text("h1") != "One step left" {
			t.Errorf("%s: %d", email, got.StatusCode)
		}
	}
	if d.asked.Load() != asked {
		t.Error("DNS is asked again for an address, not for a domain")
	}
}
