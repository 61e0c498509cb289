package app_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"vistka/internal/app"
	"vistka/internal/config"
	"vistka/internal/postgres/pgtest"
)

// What is older than its retention goes as soon as jobs run, without anybody's doing.
func TestHotlineRequestsAreDeletedInTime(t *testing.T) {
	t.Parallel()
	cfg := config.Config{
		Listen: freePort(t), DataDir: t.TempDir(), Run: []string{"jobs"}, LogFormat: "text", DatabaseURL: pgtest.URL(t), SecretKey: strings.Repeat("k", 44),
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), cfg, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	_, err = a.Pool.Exec(t.Context(), `
		INSERT INTO hotline_request (reference, digest, kind, language, phone, created_at)
		VALUES ('0000-0001', 'a', 'callback', 'en', '0441234567', now() - interval '91 days'),
		       ('0000-0002', 'b', 'callback', 'en', '0441234567', now() - interval '89 days')`)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, func(app.Ready) {}) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(stepTimeout)
	for left := ""; left != "0000-0002"; {
		if err := a.Pool.QueryRow(t.Context(), `SELECT string_agg(reference, ' ' ORDER BY reference) FROM hotline_request`).Scan(&left); err != nil {
			t.Fatal(err)
		}
		select {
		case <-deadline:
			t.Fatalf("still there: %s", left)
		case <-tick.C:
		}
	}
}
