package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"vistka/internal/app"
	"vistka/internal/config"
	"vistka/internal/postgres/pgtest"
	"vistka/internal/subscriber"
)

// stage is the whole demo running in this process, as a person finds it.
type stage struct {
	t     *testing.T
	app   *app.App
	ready app.Ready
}

// newStage opens the demo in an empty directory and stops it with the test. Its
// database is one of the tests' own cluster; see onItsOwn.
func newStage(t *testing.T, change ...func(*config.Config)) *stage {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // lets the server's own user in when the test runs as root
		t.Fatal(err)
	}
	cfg := config.Config{DatabaseURL: pgtest.URL(t), SecretKey: "one-secret-key-for-tests", Listen: freePort(t), DataDir: dir, Run: []string{"web", "jobs", "sender"}, LogFormat: "text"}
	for _, f := range change {
		f(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	a, err := app.Open(t.Context(), cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, app: a}
	ctx, stop := context.WithCancel(context.Background())
	opened, ended := make(chan app.Ready, 1), make(chan error, 1)
	go func() { ended <- a.RunDemo(ctx, "127.0.0.1:0", func(r app.Ready) { opened <- r }) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	select {
	case s.ready = <-opened:
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
	return s
}

// onItsOwn leaves the demo to make its private Postgres, as at a newcomer's.
func onItsOwn(c *config.Config) { c.DatabaseURL = "" }

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimRight(string(p), "\n"))
	return len(p), nil
}

// get reads a page, which must answer 200.
func (s *stage) get(url string) string {
	s.t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("GET %s: %s %v\n%s", url, resp.Status, err, body)
	}
	return string(body)
}

// newest is the number of the mail that came last.
func (s *stage) newest() int {
	s.t.Helper()
	var answer struct{ Newest int }
	if err := json.Unmarshal([]byte(s.get(s.ready.InboxURL+"newest")), &answer); err != nil {
		s.t.Fatal(err)
	}
	return answer.Newest
}

// mail waits for the mail of that number and returns its source.
func (s *stage) mail(number int) string {
	s.t.Helper()
	s.until(fmt.Sprintf("mail %d", number), func() bool { return s.newest() >= number })
	return s.get(fmt.Sprintf("%s%d/source", s.ready.InboxURL, number))
}

// until waits for what another goroutine brings about.
func (s *stage) until(what string, reached func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), stepTimeout)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !reached() {
		select {
		case <-ctx.Done():
			s.t.Fatalf("never came about: %s", what)
		case <-tick.C:
		}
	}
}

// mailTo waits for a mail to an address and returns its source.
func (s *stage) mailTo(address string) (source string) {
	s.t.Helper()
	seen := 0
	s.until("a mail to "+address, func() bool {
		for newest := s.newest(); seen < newest; {
			seen++
			if source = s.get(fmt.Sprintf("%s%d/source", s.ready.InboxURL, seen)); strings.Contains(source, "X-Envelope-To: "+address) {
				return true
			}
		}
		return false
	})
	return source
}

// code is the six digits of a confirmation mail.
func (s *stage) code(mail string) string {
	s.t.Helper()
	found := regexp.MustCompile(`(?m)^\s*(\d{3}) ?(\d{3})\s*$`).FindStringSubmatch(mail)
	if found == nil {
		s.t.Fatalf("no code in\n%s", mail)
	}
	return found[1] + found[2]
}

// link finds the first address below the base URL that holds part.
func (s *stage) link(mail, part string) string {
	s.t.Helper()
	plain := strings.ReplaceAll(strings.ReplaceAll(mail, "=\r\n", ""), "=3D", "=")
	found := regexp.MustCompile(regexp.QuoteMeta(s.ready.URL+part) + `[A-Za-z0-9_-]+`).FindString(plain)
	if found == "" {
		s.t.Fatalf("no link to %s in\n%s", part, plain)
	}
	return found
}

// subscribers counts the active subscriptions.
func (s *stage) subscribers() int {
	s.t.Helper()
	n, err := s.app.Subscribers.Count(s.t.Context(), subscriber.ExportFilter{Status: subscriber.StatusActive})
	if err != nil {
		s.t.Fatal(err)
	}
	return int(n)
}

// waitOutScannerGuard lets the pages' render time grow old enough for a human:
// the program's clock is moved, nobody waits.
func (s *stage) waitOutScannerGuard() { s.app.Clock.Advance(3 * time.Second) }

func decodeSubject(t *testing.T, source string) string {
	t.Helper()
	_, source, _ = strings.Cut(source, "\r\n") // the inbox's own first line
	m, err := mail.ReadMessage(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return subject
}

// id asks the database for one number.
func (s *stage) id(sql string, args ...any) (id int64) {
	s.t.Helper()
	if err := s.app.Pool.QueryRow(s.t.Context(), sql, args...).Scan(&id); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return id
}
