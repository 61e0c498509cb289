package subscriber

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/emailaddr"
	"vistka/internal/locale"
	"vistka/internal/locale/localetest"
	"vistka/internal/newsletter"
	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
	"vistka/internal/token"
)

// start is a Monday, 11:00 in Kyiv.
var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// fixture is a service on a database of its own that records what it queues.
type fixture struct {
	*Service
	t    *testing.T
	news newsletter.Newsletter

	mu      sync.Mutex
	notices []Notice
	changes []int64
}

func setUp(t *testing.T) *fixture {
	t.Helper()
	return setUpOn(t, pgtest.New(t))
}

func setUpOn(t *testing.T, db *pgxpool.Pool) *fixture {
	t.Helper()
	keys, err := token.NewKeys("a secret for the tests only")
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, Service: &Service{
		DB: db, Keys: keys, Hasher: token.NewHasher(token.NewHasherKey()), Clock: postgres.NewTestClock(start),
		Log: slog.New(slog.DiscardHandler),
	}}
	f.Notify = func(_ context.Context, _ pgx.Tx, all ...Notice) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.notices = append(f.notices, all...)
		return nil
	}
	f.Changed = func(_ context.Context, _ pgx.Tx, id int64) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.changes = append(f.changes, id)
		return nil
	}
	n := newsletter.New()
	n.Slug, n.Name, n.FromName, n.FromAddress, n.Timezone = "news", "News", "Newsroom", "news@example.org", "Europe/Kyiv"
	f.news, err = newsletter.Add(context.Background(), db, n, "", start)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func address(t testing.TB, s string) emailaddr.Address {
	t.Helper()
	a, err := emailaddr.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (f *fixture) request(s string) SignUpRequest {
	return SignUpRequest{
		NewsletterID: f.news.ID, Address: address(f.t, s), Locale: "uk", ArticleURL: "https://example.org/a", PageURL: "https://example.org/a",
		Wording: "form 1", Attested: true, UserAgent: "test",
	}
}

// signs up and has it answered; returns the page's handle and the mailed link.
func (f *fixture) signUp(s string) (handle, link string) {
	f.t.Helper()
	res, err := f.SignUp(context.Background(), f.request(s))
	if err != nil || res.Decision != Accepted {
		f.t.Fatalf("sign-up of %s: %+v, %v", s, res, err)
	}
	f.work()
	h, err := f.open(res.Handle)
	if err != nil {
		f.t.Fatal(err)
	}
	return res.Handle, ConfirmToken(f.Keys, h.signupID, h.generation)
}

// work answers what there is to answer.
func (f *fixture) work() {
	f.t.Helper()
	if err := f.AnswerAll(context.Background()); err != nil {
		f.t.Fatal(err)
	}
}

// subscribe makes an active reader.
func (f *fixture) subscribe(s string) Confirmation {
	f.t.Helper()
	_, link := f.signUp(s)
	c, err := f.Confirm(context.Background(), link, Evidence{UserAgent: "test"})
	if err != nil || c.Outcome != Confirmed {
		f.t.Fatalf("confirm %s: %+v, %v", s, c, err)
	}
	return c
}

// Pause stops mail until a time; the other settings stay.
func (f *fixture) Pause(ctx context.Context, link string, until time.Time, ev Evidence) (Preferences, error) {
	p, err := f.Preferences(ctx, link)
	if err != nil {
		return p, err
	}
	c := p.Change()
	c.PausedUntil = &until
	saved, err := f.SavePreferences(ctx, link, c, ev)
	return saved.Preferences, err
}

// mails returns the kinds of the notices since the last call.
func (f *fixture) mails() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	kinds := make([]string, len(f.notices))
	for i, n := range f.notices {
		kinds[i] = string(n.Kind)
	}
	f.notices = nil
	return strings.Join(kinds, " ")
}

func (f *fixture) exec(sql string, args ...any) {
	f.t.Helper()
	if _, err := f.DB.Exec(context.Background(), sql, args...); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) number(sql string, args ...any) (n int) {
	f.t.Helper()
	if err := f.DB.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

// waiting reports whether somebody waits for a lock.
func (f *fixture) waiting() bool {
	f.t.Helper()
	return f.number(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0
}

// words are those of a language.
func words(t *testing.T, code string) *locale.Locale {
	t.Helper()
	catalog := localetest.Catalog(t)
	return catalog.For(code)
}
