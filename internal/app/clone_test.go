package app_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/app"
	"vistka/internal/config"
	"vistka/internal/guard"
	"vistka/internal/mailer/smtptest"
	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

// A restored dump starts, serves its pages and mails nobody; one act starts the
// mail (rule D9).
func TestRestoredDumpDoesNotMail(t *testing.T) {
	lab, err := smtptest.Start(smtptest.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	cfg := config.Config{
		Listen: freePort(t), DataDir: t.TempDir(), Run: []string{"web", "jobs", "sender"}, LogFormat: "text",
		DatabaseURL: pgtest.URL(t), SecretKey: strings.Repeat("k", 44), SMTPURL: "smtp://" + lab.Addr() + "?tls=none",
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	// serve runs until f returns.
	serve := func(f func(a *app.App)) {
		t.Helper()
		a, err := app.Open(t.Context(), cfg, slog.New(slog.NewTextHandler(t.Output(), nil)))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		ctx, stop := context.WithCancel(t.Context())
		opened, ended := make(chan app.Ready, 1), make(chan error, 1)
		go func() { ended <- a.Run(ctx, func(r app.Ready) { opened <- r }) }()
		defer func() {
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}()
		select {
		case <-opened:
			f(a)
		case err := <-ended:
			ended <- nil
			t.Fatal(err)
		}
	}
	queue := func(a *app.App) {
		t.Helper()
		_, err := a.Pool.Exec(t.Context(), `
			INSERT INTO notice (kind, locale, address, content, state, due_at, created_at)
			SELECT 'alert', 'en', 'desk@example.org', '{"Title": "Title", "Text": "Text"}', 'queued', now(), now() FROM generate_series(1, 3)`)
		if err != nil {
			t.Fatal(err)
		}
	}
	serve(func(a *app.App) {
		_, err := a.Pool.Exec(t.Context(), `
			WITH f AS (INSERT INTO family DEFAULT VALUES RETURNING id)
			INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address, site_url)
			SELECT id, 'news', 'News', 'en', 'News', 'news@example.org', 'https://news.example' FROM f`)
		if err != nil {
			t.Fatal(err)
		}
		addOwner(t, a)
		queue(a)
		until(t, "the original mails", func() bool { return lab.Journal.Len() == 3 })
	})
	dump := pgtest.Dump(t, cfg.DatabaseURL)
	cfg.DatabaseURL = pgtest.Empty(t)
	pgtest.Restore(t, dump, cfg.DatabaseURL)

	serve(func(a *app.App) {
		queue(a)
		until(t, "the relay is taken", func() bool {
			states, err := a.Deliveries.RelayStates(t.Context())
			return err == nil && len(states) == 1 && states[0].Driven
		})
		resp, err := http.Get("http://" + cfg.Listen + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		s, err := guard.Read(t.Context(), a.Pool)
		if err != nil || s.Cause != guard.Restored || resp.StatusCode != http.StatusOK {
			t.Fatalf("sending is %+v, %v; ready: %s", s, err, resp.Status)
		}
		if p, err := a.Deliveries.Pending(t.Context()); err != nil || p.Mails() != 4 { // those queued, and one that tells the owner of the lock
			t.Fatalf("would go out: %+v, %v", p, err)
		}
		if n := lab.Journal.Len(); n != 3 {
			t.Fatalf("the copy mailed: %d", n-3)
		}
		err = postgres.InTx(t.Context(), a.Pool, func(tx pgx.Tx) error { return guard.Unlock(t.Context(), tx, 0, a.Clock.Now()) })
		if err != nil {
			t.Fatal(err)
		}
		until(t, "the copy mails once unlocked", func() bool { return lab.Journal.Len() == 7 })
		if n := len(lab.Journal.To("owner@example.org")); n != 1 {
			t.Errorf("%d mails to the owner", n)
		}
	})
	serve(func(a *app.App) {
		if s, err := guard.Read(t.Context(), a.Pool); err != nil || s.State != guard.On {
			t.Errorf("after a restart: %+v, %v", s, err)
		}
	})
}

// until polls a condition that another goroutine brings about.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stepTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("it did not come to pass: %s", what)
		case <-tick.C:
		}
	}
}
