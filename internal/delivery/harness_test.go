package delivery

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"

	"vistka/internal/locale/localetest"
	"vistka/internal/mailer"
	"vistka/internal/mailer/smtptest"
	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
	"vistka/internal/token"
	"vistka/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a database with one newsletter and a relay that can be told to misbehave.
type world struct {
	t       testing.TB
	db      *pgxpool.Pool
	clock   *postgres.Clock
	lab     *smtptest.Server
	s       *Service
	edition int64
	month   time.Time
	readers int
}

func newWorld(t *testing.T, o smtptest.Options) *world {
	t.Helper()
	t.Parallel()
	return makeWorld(t, o)
}

func makeWorld(t testing.TB, o smtptest.Options) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t), clock: postgres.NewTestClock(time.Now().Truncate(time.Second))}
	var err error
	if w.lab, err = smtptest.Start(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.lab.Close() })
	w.exec(`
		WITH f AS (INSERT INTO family DEFAULT VALUES RETURNING id)
		INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address, postal_address, site_url)
		SELECT id, 'news', 'The News', 'en', 'The News', 'editor@news.example', '1 Main Street', 'https://news.example' FROM f`)
	w.exec(`INSERT INTO provider (domain) VALUES ('example.org'), ('slow.example')`)
	w.exec(`
		WITH st AS (INSERT INTO story DEFAULT VALUES RETURNING id)
		INSERT INTO article (newsletter_id, story_id, url, title, first_seen_at, updated_at, state, reason, seq, released_at)
		SELECT 1, id, 'https://news.example/a', 'An article', $1, $1, 'released', '{"key": "reason.words"}', 1, $1 FROM st`, w.clock.Now())
	w.month = time.Date(w.clock.Now().Year(), w.clock.Now().Month(), 1, 0, 0, 0, 0, time.UTC)
	w.s = w.service("here")
	w.edition = w.newEdition(w.clock.Now())
	return w
}

// sharedRenderer is made once: it keeps nothing of a service.
var sharedRenderer = sync.OnceValues(func() (*mailer.Renderer, error) {
	catalog, err := localetest.Load()
	if err != nil {
		return nil, err
	}
	return mailer.NewRenderer(web.FS, catalog, mailer.Options{BaseURL: "https://mail.news.example"})
})

func (w *world) service(holder string) *Service {
	w.t.Helper()
	catalog := localetest.Catalog(w.t)
	renderer, err := sharedRenderer()
	if err != nil {
		w.t.Fatal(err)
	}
	keys, err := token.NewKeys("a secret of sixteen and more")
	if err != nil {
		w.t.Fatal(err)
	}
	second := 20 * time.Second
	return &Service{
		DB: w.db, Keys: keys, Hasher: token.NewHasher([]byte(strings.Repeat("k", 32))), Clock: w.clock,
		Relays: []mailer.RelayConfig{{Host: "127.0.0.1", Port: w.lab.Port(), TLS: mailer.TLSNone, Connections: 3, Timeouts: mailer.Timeouts{
			Connect: second, Command: second, Data: second, Body: second, Final: second, Quit: time.Second,
		}}},
		BaseURL: "https://mail.news.example", Renderer: renderer, Catalog: catalog, Log: slog.New(slog.NewTextHandler(w.writer(), nil)), Holder: holder,
		Backoff: Backoff{Min: 10 * time.Millisecond, Max: 50 * time.Millisecond},
	}
}

func (w *world) writer() io.Writer {
	if testing.Verbose() {
		return w.t.Output()
	}
	return io.Discard
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Exec(context.Background(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) one(dst any, sql string, args ...any) {
	w.t.Helper()
	if err := w.db.QueryRow(context.Background(), sql, args...).Scan(dst); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) newEdition(slot time.Time) (id int64) {
	w.t.Helper()
	w.one(&id, `INSERT INTO edition (month, newsletter_id, kind, slot, locale, article_ids, created_at)
		VALUES ($1, 1, 'instant', $2, 'en', '{1}', $3) RETURNING id`, w.month, slot, w.clock.Now())
	c, err := w.s.Renderer.CompileEdition(mailer.EditionContent{
		ID: id, Newsletter: mailer.Newsletter{Name: "The News", Slug: "news", Language: "en", FromName: "The News", FromAddress: "editor@news.example", PostalAddress: "1 Main Street", SiteURL: "https://news.example"},
		Locale: "en", Kind: mailer.Instant, Date: slot, Articles: []mailer.Article{{Title: "An article", URL: "https://news.example/a"}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	raw, err := c.MarshalBinary()
	if err != nil {
		w.t.Fatal(err)
	}
	w.exec(`INSERT INTO edition_body (edition_id, key_id, composed_at, from_address, base_url, segments)
		VALUES ($1, $2, $3, 'editor@news.example', 'https://mail.news.example', $4)`, id, w.s.Keys.Fingerprints()[0], slot, raw)
	return id
}

// reader adds a subscriber; the address's domain is its provider, slow.example or the other.
func (w *world) reader(address string) (id int64) {
	w.t.Helper()
	w.readers++
	provider := 1
	if strings.HasSuffix(address, "slow.example") {
		provider = 2
	}
	w.one(&id, `INSERT INTO subscriber (address, address_key, address_hash, provider_id, locale, created_at)
		VALUES ($1, $2, $3, $4, 'en', $5) RETURNING id`, address, fmt.Sprint(w.readers, address), w.s.Hasher.Sum(address), provider, w.clock.Now())
	w.exec(`INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, locale, zone, hour, seen_seq, provider_id, created_at)
		VALUES (1, $1, 'active', 'instant', 'en', 'UTC', 8, 1, $2, $3)`, id, provider, w.clock.Now())
	return id
}

// deliver queues the edition to a new reader.
func (w *world) deliver(address string) (subscriber int64) {
	w.t.Helper()
	subscriber = w.reader(address)
	w.queue(w.edition, subscriber)
	return subscriber
}

// queue adds a delivery as a fan-out does, which opens an edition that was settled.
func (w *world) queue(edition, subscriber int64) {
	w.t.Helper()
	err := pgx.BeginFunc(context.Background(), w.db, func(tx pgx.Tx) error {
		// The row is held, as a fan-out holds it, so that it is not settled in between.
		if _, err := tx.Exec(context.Background(), `UPDATE edition SET state = CASE state WHEN 'settled' THEN 'open' ELSE state END WHERE id = $1`, edition); err != nil {
			return err
		}
		_, err := tx.Exec(context.Background(), `INSERT INTO delivery (month, edition_id, subscriber_id, newsletter_id, provider_id, state)
			SELECT $1, $2, id, 1, provider_id, 'queued' FROM subscriber WHERE id = $3`, w.month, edition, subscriber)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.exec(sqlNotify)
}

func (w *world) key(subscriber int64) Key {
	return Key{Month: w.month, Edition: w.edition, Subscriber: subscriber}
}

func (w *world) next(subscriber int64) (n Next) {
	w.t.Helper()
	n.Key = w.key(subscriber)
	w.one(&n.Hash, `SELECT address_hash FROM subscriber WHERE id = $1`, subscriber)
	return n
}

// ledger takes the first relay over and records under its fence.
func (w *world) ledger() *Ledger {
	w.t.Helper()
	ids, err := w.s.upsertRelays(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	fence, err := w.s.takeOver(w.t.Context(), ids[0], true)
	if err != nil {
		w.t.Fatal(err)
	}
	return &Ledger{DB: w.db, Clock: w.clock, Relay: ids[0], Fence: fence}
}

// row is what a test asks of a delivery.
type row struct {
	State         State
	Tries, Doubts int
	Due           *time.Time
	Reply         string
}

func (w *world) row(subscriber int64) (r row) {
	w.t.Helper()
	err := w.db.QueryRow(context.Background(), `SELECT state, tries, doubts, due_at, coalesce(reply, '') FROM delivery
		WHERE edition_id = $1 AND subscriber_id = $2`, w.edition, subscriber).Scan(&r.State, &r.Tries, &r.Doubts, &r.Due, &r.Reply)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// start runs a service until the returned function stops and awaits it.
func (w *world) start(s *Service) (stop func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stopped := false
	stop = func() {
		cancel()
		if !stopped {
			stopped = true
			if err := <-done; err != nil {
				w.t.Errorf("run: %v", err)
			}
		}
	}
	w.t.Cleanup(stop)
	return stop
}

// until polls a condition; what it waits for is in the database or the relay.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for !ok() {
		if !sleep(ctx, 5*time.Millisecond) {
			w.t.Fatalf("waited in vain: %s", what)
		}
	}
}

// untilLocked waits for a statement to wait for another's lock.
func (w *world) untilLocked() {
	w.t.Helper()
	w.until("a statement waits for a lock", func() bool {
		return w.count("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0
	})
}

func (w *world) untilState(subscriber int64, want State) row {
	w.t.Helper()
	w.until(fmt.Sprintf("delivery to %d is %s", subscriber, want), func() bool { return w.row(subscriber).State == want })
	return w.row(subscriber)
}

func (w *world) editionState() (state string) {
	w.t.Helper()
	w.one(&state, `SELECT state FROM edition WHERE id = $1`, w.edition)
	return state
}

func (w *world) count(sql string, args ...any) (n int) {
	w.t.Helper()
	w.one(&n, "SELECT count(*) FROM "+sql, args...)
	return n
}
