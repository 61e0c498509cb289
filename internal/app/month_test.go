package app

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"vistka/internal/article"
	"vistka/internal/delivery"
	"vistka/internal/edition"
	"vistka/internal/guard"
	"vistka/internal/hotline"
	"vistka/internal/locale/localetest"
	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
	"vistka/internal/subscriber"
	"vistka/internal/token"
)

// month is Vistka with a clock that is moved, a newsroom in memory, a sender
// that only keeps the ledger, and the model that says what must come of it.
type month struct {
	*App
	t       *testing.T
	ctx     context.Context
	clock   *postgres.Clock
	rnd     *rand.Rand
	room    *newsroom
	feeds   []int64 // of letter i
	urls    []string
	asked   map[int64]bool // newsletters whose fan-out was asked for
	model   *model
	left    map[[2]int64]bool
	expects map[string]bool // title → is mailed
}

// InsertTx notes fan-outs; everything else the test does itself.
func (m *month) InsertTx(_ context.Context, _ pgx.Tx, args river.JobArgs, _ *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	if f, ok := args.(edition.FanOutArgs); ok {
		m.asked[f.NewsletterID] = true
	}
	return &rivertype.JobInsertResult{}, nil
}

func (m *month) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatalf("%s: %v", m.clock.Now().Format(time.DateTime), err)
	}
}

func (m *month) id(sql string, args ...any) (id int64) {
	m.t.Helper()
	m.must(m.Pool.QueryRow(m.ctx, sql, args...).Scan(&id))
	return id
}

func (m *month) exec(sql string, args ...any) {
	m.t.Helper()
	_, err := m.Pool.Exec(m.ctx, sql, args...)
	m.must(err)
}

// TestMonth lets a month go by: three newsletters, two of them translations of
// one another, 200 readers of every cadence, zone, language and topic who change
// their minds, 120 articles through feeds that do everything feeds do, an outage
// of eight hours and one of three, the end of summer time. Then each mailbox is
// compared with the model, mail by mail. VISTKA_MONTHS plays that many.
func TestMonth(t *testing.T) {
	t.Parallel()
	months := 1
	if n, err := strconv.Atoi(os.Getenv("VISTKA_MONTHS")); err == nil {
		months = n
	}
	for seed := range uint64(months) {
		m := newMonth(t, seed)
		m.play()
		m.compare()
	}
}

func newMonth(t *testing.T, seed uint64) *month {
	t.Helper()
	pool := pgtest.New(t)
	keys, err := token.NewKeys("a secret only for tests")
	if err != nil {
		t.Fatal(err)
	}
	catalog := localetest.Catalog(t)
	clock := postgres.NewTestClock(time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC))
	log, hasher := slog.New(slog.DiscardHandler), token.NewHasher(make([]byte, 32))
	m := &month{
		t: t, ctx: t.Context(), clock: clock, rnd: rand.New(rand.NewPCG(seed, 3)), asked: map[int64]bool{}, left: map[[2]int64]bool{}, expects: map[string]bool{},
		room: &newsroom{feeds: map[string][]entry{}, broken: map[string]func() feedResponse{}, dead: map[string]int{}, changed: map[string]bool{}, shown: 10},
		App:  &App{Pool: pool, Clock: clock, Keys: keys, Hasher: hasher, Catalog: catalog, log: log},
	}
	m.Articles = &article.Service{DB: pool, Fetcher: m.room, Clock: clock, Jobs: m, Log: log}
	m.Subscribers = &subscriber.Service{DB: pool, Keys: keys, Hasher: hasher, Clock: clock, Log: log}
	m.Editions = &edition.Service{DB: pool, Clock: clock, Keys: keys, Jobs: m, Log: log}
	m.Deliveries = &delivery.Service{DB: pool, Keys: keys, Hasher: hasher, Clock: clock, Catalog: catalog, Log: log}
	m.Hotline = &hotline.Service{DB: pool, Clock: clock}
	m.Guard = &guard.Guard{}
	m.wire()
	m.model = &model{articles: map[int64]*modelArticle{}, late: 6 * time.Hour, wait: 12 * time.Hour}
	m.letters()
	m.readers()
	return m
}

// letters makes the newsletters and lets each read its feed of ten known pieces.
func (m *month) letters() {
	var family int64
	for i, code := range []string{"uk", "en", "en"} {
		if i != 1 {
			family = m.id(`INSERT INTO family DEFAULT VALUES RETURNING id`)
		}
		name := []string{"uk", "en", "alone"}[i]
		id := m.id(`INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address, grace)
			VALUES ($1, $2, $2, $3, 'N', 'n@example.org', '30 minutes') RETURNING id`, family, name, code)
		m.model.letters = append(m.model.letters, &modelLetter{id: id, family: family, language: code})
		url := "https://" + name + ".example/feed"
		for n := range 10 {
			m.room.publish(url, m.piece(i, n, n, m.clock.Now().Add(-time.Duration(24*(10-n))*time.Hour)))
		}
		added, err := m.Articles.AddFeed(m.ctx, id, url)
		m.must(err)
		m.feeds, m.urls = append(m.feeds, added.FeedID), append(m.urls, url)
	}
	clear(m.room.changed)
}

// piece is the n-th of letter i; of the English newsletter it translates the
// Ukrainian piece with a number.
func (m *month) piece(i, n, of int, at time.Time) entry {
	e := piece([]string{"uk", "en", "alone"}[i], n, at)
	if i == 1 && of >= 0 {
		e.translation = fmt.Sprintf("https://uk.example/%d", of)
	}
	return e
}

const monthReaders = 200

func (m *month) readers() {
	provider := m.id(`INSERT INTO provider (domain) VALUES ('readers.example') RETURNING id`)
	zones := []string{"Europe/Kyiv", "America/New_York", "UTC", "Asia/Tokyo"}
	for i := range monthReaders {
		r := &modelReader{
			locale: m.oneOf("uk", "en"), fallback: m.oneOf("wait", "wait", "first", "only"), subs: map[int64]*modelSub{}, stories: map[[2]int64]bool{},
		}
		address := fmt.Sprintf("r%d@readers.example", i)
		r.id = m.id(`INSERT INTO subscriber (address, address_key, address_hash, provider_id, locale, translations, created_at)
			VALUES ($1, $1, $1::text::bytea, $2, $3, $4, $5) RETURNING id`, address, provider, r.locale, r.fallback, m.clock.Now())
		m.model.readers = append(m.model.readers, r)
		for j := range m.model.letters {
			if m.rnd.IntN(2) == 0 || j == i%3 {
				m.join(r, j, m.oneOf(zones...))
			}
		}
	}
}

func (m *month) oneOf(s ...string) string { return s[m.rnd.IntN(len(s))] }

func (m *month) join(r *modelReader, letter int, zone string) {
	l := m.model.letters[letter]
	s := &modelSub{
		cadence: m.oneOf("instant", "instant", "daily", "daily", "weekly", "monthly"), hour: []int{3, 8, 18}[m.rnd.IntN(3)], active: true,
		topics: [][]string{nil, nil, {"a"}, {"b", "c"}}[m.rnd.IntN(4)], pending: map[int64]time.Time{}, had: map[int64]bool{},
	}
	var err error
	s.zone, err = time.LoadLocation(zone)
	m.must(err)
	if s.cadence != "instant" {
		s.due = nextSlot(s.cadence, s.zone, s.hour, m.clock.Now())
	}
	m.exec(`INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, topics, locale, zone, hour, seen_seq, due_at, provider_id, created_at)
		SELECT n.id, p.id, 'active', $3, $4, p.locale, $5, $6, n.last_seq, next_slot($3, $5, $6::int2, $7), p.provider_id, $7
		FROM newsletter n, subscriber p WHERE n.id = $1 AND p.id = $2`, l.id, r.id, s.cadence, s.topics, zone, s.hour, m.clock.Now())
	r.subs[l.id] = s
}

// play moves the clock by the hour.
func (m *month) play() {
	script := m.script()
	start := m.clock.Now()
	for hour := 1; hour <= 31*24+12; hour++ {
		m.clock.Set(start.Add(time.Duration(hour) * time.Hour))
		for _, act := range script[hour] {
			act()
		}
		for i, url := range m.urls {
			if m.room.changed[url] {
				_, err := m.Articles.Poll(m.ctx, m.feeds[i])
				m.must(err)
			}
		}
		clear(m.room.changed)
		if outage(hour) {
			continue
		}
		_, err := m.Articles.ReleaseDue(m.ctx)
		m.must(err)
		for range m.rnd.IntN(3) {
			m.readerActs()
		}
		m.fanOut()
		m.observe()
		m.model.step(m.clock.Now())
		m.send()
	}
}

// outage tells when nothing of ours runs: eight hours, and three. What the site
// publishes then is found afterwards.
func outage(hour int) bool {
	return hour > 20*24+2 && hour <= 20*24+10 || hour > 23*24+6 && hour <= 23*24+9
}

func (m *month) fanOut() {
	for range 5 {
		m.must(m.Editions.Tick(m.ctx))
		if len(m.asked) == 0 {
			return
		}
		var ids []int64
		for id := range m.asked {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		clear(m.asked)
		for _, id := range ids {
			_, err := m.Editions.FanOut(m.ctx, id)
			m.must(err)
		}
	}
	m.t.Errorf("%s: fan-out finds no end", m.clock.Now().Format(time.DateTime))
}

// observe tells the model what was released and withdrawn.
func (m *month) observe() {
	rows, err := m.Pool.Query(m.ctx, `SELECT id, newsletter_id AS letter, story_id AS story, seq, topics, released_at, withdrawn_at FROM article WHERE seq IS NOT NULL ORDER BY id`)
	m.must(err)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[modelArticle])
	m.must(err)
	for _, a := range list {
		m.model.released(a)
	}
}

// send is the sender as the ledger has it: composes once, asks again for consent.
func (m *month) send() {
	now := m.clock.Now()
	m.exec(`INSERT INTO edition_body (edition_id, key_id, composed_at, from_address, base_url, segments)
		SELECT id, 'k', $1, 'n@example.org', '', '' FROM edition WHERE state = 'open' ON CONFLICT DO NOTHING`, now)
	m.exec(`UPDATE delivery d SET state = 'sent', settled_at = $1 FROM edition e, subscription s
		WHERE e.id = d.edition_id AND e.state = 'open' AND s.newsletter_id = d.newsletter_id AND s.subscriber_id = d.subscriber_id AND s.state = 'active'
		AND (s.paused_until IS NULL OR s.paused_until <= $1) AND (d.state = 'queued' OR d.state = 'deferred' AND d.due_at <= $1)`, now)
	m.exec(`UPDATE edition e SET state = 'settled' WHERE state = 'open' AND NOT EXISTS (SELECT FROM delivery d WHERE d.edition_id = e.id AND d.state IN ('queued', 'deferred'))`)
}

// compare is the whole point: difference 0.
func (m *month) compare() {
	m.t.Helper()
	rows, err := m.Pool.Query(m.ctx, `SELECT d.subscriber_id, d.newsletter_id, e.kind, d.settled_at,
		ARRAY(SELECT a.id FROM article a WHERE a.id = ANY (e.article_ids) ORDER BY a.seq)::bigint[] FROM delivery d JOIN edition e ON e.id = d.edition_id WHERE d.state = 'sent'`)
	m.must(err)
	var got []mail
	var one mail
	var ids []int64
	_, err = pgx.ForEachRow(rows, []any{&one.reader, &one.letter, &one.kind, &one.at, &ids}, func() error {
		one.at, one.articles = one.at.UTC(), fmt.Sprint(ids)
		got = append(got, one)
		return nil
	})
	m.must(err)
	count := map[mail]int{}
	for _, g := range got {
		count[g]++
	}
	for _, w := range m.model.mails {
		count[w]--
	}
	var wrong []string
	for c, n := range count {
		if n != 0 {
			wrong = append(wrong, fmt.Sprintf("reader %03d newsletter %d %s %s %s: %+d", c.reader, c.letter, c.at.Format("01-02 15:04"), c.kind, c.articles, n))
		}
	}
	slices.Sort(wrong)
	if len(wrong) > 0 {
		m.t.Errorf("%d mails differ from the model (+ too many, - missing):\n%s", len(wrong), strings.Join(wrong[:min(len(wrong), 30)], "\n"))
	}
	kinds := map[string]int{}
	for _, g := range got {
		kinds[g.kind]++
	}
	rows, err = m.Pool.Query(m.ctx, `SELECT title, seq IS NOT NULL FROM article WHERE state <> 'baseline' ORDER BY id`)
	m.must(err)
	var title string
	var out bool
	seen := map[string]bool{}
	_, err = pgx.ForEachRow(rows, []any{&title, &out}, func() error {
		seen[title] = seen[title] || out
		return nil
	})
	m.must(err)
	for title, want := range m.expects {
		if seen[title] != want {
			m.t.Errorf("%q was released %t, want %t", title, seen[title], want)
		}
	}
	stories := m.id(`SELECT count(*) FROM (SELECT story_id FROM article WHERE seq IS NOT NULL GROUP BY story_id HAVING count(*) > 1) AS s`)
	m.t.Logf("%d articles released, %d stories in two languages, %d mails: %v", len(m.model.articles), stories, len(got), kinds)
	for _, kind := range []string{"instant", "daily", "weekly", "monthly", "correction"} {
		if kinds[kind] == 0 {
			m.t.Errorf("no %s mail in a month: nothing is shown", kind)
		}
	}
	if len(m.model.articles) < 115 || stories < 10 {
		m.t.Errorf("only %d articles and %d stories in two languages", len(m.model.articles), stories)
	}
}
