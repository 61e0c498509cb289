package edition

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/locale"
	"vistka/internal/postgres"
)

// world is three newsletters, the first two translations of one another, and
// eight readers, on a real database.
type world struct {
	pool    *pgxpool.Pool
	svc     *Service
	clock   *postgres.Clock
	letters []int64 // uk, en: one family; alone
	readers []int64
	rnd     *rand.Rand
	log     []string
	narrow  bool // only the two siblings and three readers: their stories meet more often

	expired int // editions

	// The oracle: explicit sets, no marks.
	outstanding map[pair]map[int64]bool // articles released since joining, not yet settled; false: may come, need not
	arts        map[int64]*piece
	order       []int64
	alive       map[delivered]bool // deliveries known to exist
	seen        map[pair]int64     // only to check that it never falls
	joined      map[pair]int64     // the last seq released before
	excused     map[pair]bool      // story and reader: had both articles before they were paired
	parallel    bool               // others act meanwhile, so that nothing can be compared at once
}

type pair struct{ letter, reader int64 }

type delivered struct{ edition, reader int64 }

type piece struct {
	id, letter, story, seq int64
	topics                 []string
	withdrawn              bool
	edited, corrected      time.Time // last; zero: never
}

var worlds atomic.Int64

func newWorld(ctx context.Context, pool *pgxpool.Pool, seed uint64) (*world, error) {
	start := time.Date(2026, 3, 27, 6, 30, 0, 0, time.UTC) // Kyiv springs on the 29th
	if seed%2 == 1 {
		start = time.Date(2026, 10, 23, 6, 30, 0, 0, time.UTC) // and falls back on 25 October, New York on 1 November
	}
	w := &world{
		pool: pool, clock: postgres.NewTestClock(start), rnd: rand.New(rand.NewPCG(seed, 7)),
		narrow:      seed%4 >= 2,
		outstanding: map[pair]map[int64]bool{}, arts: map[int64]*piece{}, alive: map[delivered]bool{}, seen: map[pair]int64{},
		joined: map[pair]int64{}, excused: map[pair]bool{},
	}
	w.svc = &Service{DB: pool, Clock: w.clock, Jobs: discard{}, Log: slog.New(slog.DiscardHandler), pageSize: 1 + int(seed%3), MaxAge: 7 * time.Hour}
	no := worlds.Add(1)
	var family int64
	for i, language := range []string{"uk", "en", "en"} {
		if i != 1 {
			if err := pool.QueryRow(ctx, `INSERT INTO family DEFAULT VALUES RETURNING id`).Scan(&family); err != nil {
				return nil, err
			}
		}
		var id int64
		if err := pool.QueryRow(ctx, `INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address)
			VALUES ($1, $2, 'N', $3, 'N', 'n@example.org') RETURNING id`, family, fmt.Sprintf("w%d-%d", no, i), language).Scan(&id); err != nil {
			return nil, err
		}
		w.letters = append(w.letters, id)
	}
	var provider int64
	if err := pool.QueryRow(ctx, `INSERT INTO provider (domain) VALUES ($1) RETURNING id`, fmt.Sprintf("w%d.example", no)).Scan(&provider); err != nil {
		return nil, err
	}
	for i := range 8 {
		var id int64
		key := fmt.Sprintf("r%d@w%d.example", i, no)
		if err := pool.QueryRow(ctx, `INSERT INTO subscriber (address, address_key, address_hash, provider_id, locale, translations, created_at)
			VALUES ($1, $1, $1::text::bytea, $2, $3, $5, $4) RETURNING id`, key, provider, w.oneOf("uk", "en"), start, w.oneOf("wait", "wait", "first")).Scan(&id); err != nil {
			return nil, err
		}
		w.readers = append(w.readers, id)
	}
	return w, nil
}

func (w *world) oneOf(s ...string) string { return s[w.rnd.IntN(len(s))] }

func (w *world) letter() int64 {
	if w.narrow {
		return w.letters[w.rnd.IntN(2)]
	}
	return w.letters[w.rnd.IntN(3)]
}

func (w *world) reader() int64 {
	if w.narrow {
		return w.readers[w.rnd.IntN(3)]
	}
	return w.readers[w.rnd.IntN(8)]
}

func (w *world) topics() []string {
	return [][]string{nil, nil, {"a"}, {"b"}, {"a", "b"}}[w.rnd.IntN(5)]
}

func (w *world) exec(ctx context.Context, sql string, args ...any) (int64, error) {
	tag, err := w.pool.Exec(ctx, sql, args...)
	return tag.RowsAffected(), err
}

func (w *world) inFamily(a, b int64) bool { return a == b || (a != w.letters[2] && b != w.letters[2]) }

// release gives the next seq in one transaction, as the article package does.
func (w *world) release(ctx context.Context) error {
	letter := w.letter()
	a := &piece{letter: letter, topics: [][]string{{"a"}, {"b"}, {"a", "b"}, {}}[w.rnd.IntN(4)]}
	if len(w.order) > 0 && w.rnd.IntN(3) > 0 { // a translation of a recent one
		last := w.arts[w.order[len(w.order)-1]]
		if last.letter != letter && w.inFamily(last.letter, letter) && !slices.ContainsFunc(w.order, func(id int64) bool {
			return w.arts[id].story == last.story && w.arts[id].letter == letter
		}) {
			a.story = last.story
		}
	}
	err := postgres.InTx(ctx, w.pool, func(tx pgx.Tx) error {
		if a.story == 0 {
			if err := tx.QueryRow(ctx, `INSERT INTO story DEFAULT VALUES RETURNING id`).Scan(&a.story); err != nil {
				return err
			}
		}
		if err := tx.QueryRow(ctx, `UPDATE newsletter SET last_seq = last_seq + 1 WHERE id = $1 RETURNING last_seq`, letter).Scan(&a.seq); err != nil {
			return err
		}
		now := w.clock.Now()
		return tx.QueryRow(ctx, `INSERT INTO article (newsletter_id, story_id, url, title, topics, first_seen_at, updated_at, state, reason, seq, released_at)
			SELECT $1, $2, 'https://example.org/', 'T', $3, $4, $4, 'released', '{"key": "reason.words"}', $5,
				greatest($4, (SELECT max(released_at) FROM article WHERE newsletter_id = $1))
			RETURNING id`, letter, a.story, a.topics, now, a.seq).Scan(&a.id)
	})
	if err != nil {
		return err
	}
	w.arts[a.id], w.order = a, append(w.order, a.id)
	for p, set := range w.outstanding {
		if p.letter == letter {
			set[a.id] = true
		}
	}
	w.note("release %d of letter %d seq %d story %d topics %v", a.id, letter, a.seq, a.story, a.topics)
	return nil
}

func (w *world) withdraw(ctx context.Context) error {
	if len(w.order) == 0 {
		return nil
	}
	a := w.arts[w.order[len(w.order)-1-w.rnd.IntN(min(3, len(w.order)))]]
	again := a.withdrawn
	err := postgres.InTx(ctx, w.pool, func(tx pgx.Tx) (err error) {
		if again {
			_, err = w.svc.ReleaseAgain(ctx, tx, a.id)
		} else {
			_, err = w.svc.Withdraw(ctx, tx, a.id)
		}
		return err
	})
	if err == nil {
		a.withdrawn = !again
		for p, set := range w.outstanding {
			if _, known := set[a.id]; again && !known && p.letter == a.letter && w.joined[p] < a.seq {
				set[a.id] = false // went without it for its topics, which may be others now
			}
		}
		w.note("withdrawn %d: %t", a.id, a.withdrawn)
	}
	return err
}

func (w *world) cadence() string {
	return w.oneOf("instant", "instant", "instant", "daily", "weekly", "monthly")
}

func (w *world) join(ctx context.Context) error { return w.joinAs(ctx, pair{w.letter(), w.reader()}) }

func (w *world) joinAs(ctx context.Context, p pair) error {
	n, err := w.exec(ctx, `INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, topics, locale, zone, hour, seen_seq, due_at, provider_id, created_at)
		SELECT n.id, r.id, 'active', $3, $4, $5, $6, $7, n.last_seq, next_slot($3, $6, $7, $8), r.provider_id, $8
		FROM newsletter n, subscriber r WHERE n.id = $1 AND r.id = $2
		ON CONFLICT (newsletter_id, subscriber_id) DO UPDATE SET state = 'active', ended_at = NULL, created_at = excluded.created_at,
			cadence = excluded.cadence, topics = excluded.topics, seen_seq = excluded.seen_seq, due_at = excluded.due_at, paused_until = NULL
		WHERE subscription.state = 'ended'`,
		p.letter, p.reader, w.cadence(), w.topics(), w.oneOf("uk", "en"), w.oneOf("Europe/Kyiv", "America/New_York"), w.rnd.IntN(24), w.clock.Now())
	if err != nil || n == 0 {
		return err
	}
	w.outstanding[p] = map[int64]bool{}
	w.joined[p] = 0
	for _, a := range w.arts {
		if a.letter == p.letter {
			w.joined[p] = max(w.joined[p], a.seq)
		}
	}
	w.note("join %v", p)
	_, err = w.exec(ctx, `DELETE FROM owed WHERE newsletter_id = $1 AND subscriber_id = $2`, p.letter, p.reader)
	return err
}

func (w *world) leave(ctx context.Context) error {
	p := pair{w.letter(), w.reader()}
	n, err := w.exec(ctx, `UPDATE subscription SET state = 'ended', ended_at = $3 WHERE newsletter_id = $1 AND subscriber_id = $2 AND state = 'active'`,
		p.letter, p.reader, w.clock.Now())
	if n > 0 {
		w.note("leave %v", p)
	}
	return err
}

// undo does what the subscriber package does: what was cancelled since is owed.
// It looks back a little further, because a sender that noticed the leaving may
// have read its clock before; owing too much does no harm.
func (w *world) undo(ctx context.Context) error {
	return postgres.InTx(ctx, w.pool, func(tx pgx.Tx) error {
		for _, letter := range w.letters {
			for _, reader := range w.readers {
				var ended time.Time
				err := tx.QueryRow(ctx, `SELECT ended_at FROM subscription WHERE newsletter_id = $1 AND subscriber_id = $2 AND state = 'ended' FOR UPDATE`, letter, reader).Scan(&ended)
				if errors.Is(err, pgx.ErrNoRows) || w.rnd.IntN(2) == 0 {
					continue
				}
				if err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, `UPDATE subscription SET state = 'active', ended_at = NULL WHERE newsletter_id = $1 AND subscriber_id = $2`, letter, reader); err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, `INSERT INTO owed (newsletter_id, subscriber_id, article_id, due_at, reason)
					SELECT DISTINCT $1::bigint, $2::bigint, x, $4::timestamptz, 'leaving was undone' FROM delivery d JOIN edition e ON e.id = d.edition_id, unnest(e.article_ids) x
					WHERE d.newsletter_id = $1 AND d.subscriber_id = $2 AND d.state = 'cancelled' AND d.settled_at >= $3::timestamptz - interval '1 day'
					ON CONFLICT DO NOTHING`, letter, reader, ended, w.clock.Now()); err != nil {
					return err
				}
				w.note("undo %v", pair{letter, reader})
				return nil
			}
		}
		return nil
	})
}

func (w *world) prefer(ctx context.Context) error {
	p := pair{w.letter(), w.reader()}
	var err error
	switch w.rnd.IntN(5) {
	case 0, 1:
		_, err = w.exec(ctx, `UPDATE subscription SET cadence = $3, due_at = next_slot($3, zone, hour, $4) WHERE newsletter_id = $1 AND subscriber_id = $2`,
			p.letter, p.reader, w.cadence(), w.clock.Now())
	case 2:
		_, err = w.exec(ctx, `UPDATE subscription SET topics = $3 WHERE newsletter_id = $1 AND subscriber_id = $2`, p.letter, p.reader, w.topics())
	case 3:
		_, err = w.exec(ctx, `UPDATE subscription SET locale = $3 WHERE newsletter_id = $1 AND subscriber_id = $2`, p.letter, p.reader, w.oneOf("uk", "en"))
	default:
		_, err = w.exec(ctx, `UPDATE subscription SET paused_until = $3 WHERE newsletter_id = $1 AND subscriber_id = $2`,
			p.letter, p.reader, w.clock.Now().Add(time.Duration(w.rnd.IntN(80)-8)*time.Hour))
	}
	w.note("preferences %v", p)
	return err
}

// stopEdition cancels, pauses or resumes a recent edition.
func (w *world) stopEdition(ctx context.Context) error {
	list, _, err := w.svc.List(ctx, Filter{NewsletterID: w.letter(), Limit: 4})
	if err != nil || len(list) == 0 {
		return err
	}
	e := list[w.rnd.IntN(len(list))]
	w.note("stop edition %d of letter %d %v", e.ID, e.NewsletterID, e.ArticleIDs)
	switch w.rnd.IntN(5) {
	case 0, 1, 2:
		_, err = w.svc.Cancel(ctx, e.ID, w.clock.Now().Add(time.Duration(w.rnd.IntN(3))*time.Hour), locale.Message{Key: "reason.words", Name: "not yet"})
	case 3:
		err = w.svc.Pause(ctx, e.ID, locale.Message{Key: "reason.words", Name: "look at it"})
	default:
		_, err = w.svc.Resume(ctx, e.ID)
	}
	if errors.Is(err, ErrState) {
		return nil
	}
	return err
}

// expire lets the editions expire that could not go out in time.
func (w *world) expire(ctx context.Context) error {
	n, err := w.svc.ExpireStale(ctx)
	w.note("expired %d editions", n)
	w.expired += n
	return err
}

func (w *world) note(format string, args ...any) {
	w.log = append(w.log, w.clock.Now().Format("01-02 15:04:05 ")+fmt.Sprintf(format, args...))
}

var errRolledBack = errors.New("rolled back by the test")

// fanOut runs to the end, or is broken off at a random page.
func (w *world) fanOut(ctx context.Context, letter int64, breakOff bool) error {
	w.svc.seam.page = nil
	if breakOff {
		left := w.rnd.IntN(4)
		w.svc.seam.page = func() error {
			if left--; left < 0 {
				return errRolledBack
			}
			return nil
		}
	}
	r, err := w.svc.FanOut(ctx, letter)
	w.note("fan-out of %d: %+v, %v", letter, r, err)
	if errors.Is(err, errRolledBack) {
		return w.audit(ctx, 0)
	}
	if err != nil {
		return err
	}
	return w.audit(ctx, letter)
}
