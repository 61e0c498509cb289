package app_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/jackc/pgx/v5"

	"vistka/internal/app"
	"vistka/internal/config"
	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

// With keys the desk's mail brings the text, and only who holds a key reads it:
// it stands open nowhere on its way.
func TestHotlineMailIsReadWithTheDesksKeyAlone(t *testing.T) {
	t.Parallel()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(t)
	set, err := s.app.Hotline.Settings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	set.DeskKeys = []string{key.Recipient().String()}
	if err := postgres.InTx(t.Context(), s.app.Pool, func(tx pgx.Tx) error { return s.app.Hotline.SaveSettings(t.Context(), tx, set) }); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		path, form string
		words      []string
	}{
		{"/hotline/callback", "name=Nadia&phone=%2B380+44+123+45+67&best_time=after+six", []string{"Nadia", "+380 44 123 45 67", "after six"}},
		{"/hotline/complaint", "subject=A+photo&text=It+shows+another+street.&contact=nadia%40example.org", []string{"A photo", "It shows another street.", "nadia@example.org"}},
	} {
		s.post(c.path, c.form)
		source := s.mail(i + 1)
		mailURL := fmt.Sprintf("%s%d", s.ready.InboxURL, i+1)
		for where, text := range map[string]string{
			"the mail": strings.ReplaceAll(source, "=\r\n", ""), "the inbox": s.get(s.ready.InboxURL), "its page": s.get(mailURL), "the file": s.get(mailURL+"/files/0") + "hotline",
			"the queue": s.text(`SELECT string_agg(n::text, ' ') FROM notice n`),
		} {
			if !strings.Contains(text, "hotline") {
				t.Errorf("%s does not tell of the hotline: %s", where, text)
			}
			for _, words := range c.words {
				if strings.Contains(text, words) {
					t.Errorf("%q stands open in %s", words, where)
				}
			}
		}
		r, err := age.Decrypt(armor.NewReader(strings.NewReader(s.get(mailURL+"/files/0"))), key)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, words := range c.words {
			if !strings.Contains(string(text), words) {
				t.Errorf("%q is not in %s", words, text)
			}
		}
	}
}

// Keys that cannot be used any more lose nobody: the request is stored, the desk
// is mailed without its words, and the admin says what to do.
func TestHotlineMailWithoutItsKeys(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	if _, err := s.app.Pool.Exec(t.Context(), `UPDATE hotline SET desk_keys = '{age1outlived}'`); err != nil {
		t.Fatal(err)
	}
	s.post("/hotline/complaint", "subject=A+photo&text=It+shows+another+street.&contact=nadia%40example.org")
	source := strings.Join(strings.Fields(strings.ReplaceAll(s.mail(1), "=\r\n", "")), " ")
	reference := s.text(`SELECT reference FROM hotline_request WHERE text = 'It shows another street.'`)
	if !strings.Contains(source, reference) || !strings.Contains(source, "Ask an owner who has the hotline right") {
		t.Errorf("the desk's mail: %s", source)
	}
	for _, words := range []string{"photo", "street", "nadia"} {
		if strings.Contains(source+s.text(`SELECT string_agg(n::text, ' ') FROM notice n`), words) {
			t.Errorf("%q stands open in the mail or the queue", words)
		}
	}
}

func (s *stage) text(sql string) (text string) {
	s.t.Helper()
	if err := s.app.Pool.QueryRow(s.t.Context(), sql).Scan(&text); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return text
}

// What is older than its retention goes as soon as jobs run, without anybody's
// doing: the hotline's requests, and what sign-ups left.
func TestWhatIsKeptTooLongGoesAtTheStart(t *testing.T) {
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
		       ('0000-0002', 'b', 'callback', 'en', '0441234567', now() - interval '89 days');
		INSERT INTO proof_used (challenge, expires_at) VALUES (decode(repeat('00', 32), 'hex'), now() - interval '1 minute')`)
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
	for left := ""; left != "0000-0002, 0 used"; {
		if err := a.Pool.QueryRow(t.Context(), `SELECT string_agg(reference, ' ' ORDER BY reference) || ', ' || (SELECT count(*) FROM proof_used) || ' used'
			FROM hotline_request`).Scan(&left); err != nil {
			t.Fatal(err)
		}
		select {
		case <-deadline:
			t.Fatalf("still there: %s", left)
		case <-tick.C:
		}
	}
}
