package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/mailer"
	"vistka/internal/postgres"
	"vistka/internal/subscriber"
)

// loadedNotice is a notice with all that its bytes are made of.
type loadedNotice struct {
	noticeRow
	content Content
	facts   noticeFacts
	err     error     // why there is nothing to make a mail of; the row may still be read
	at      time.Time // when it was loaded
}

const (
	// noticesAhead is how many are loaded at most with the one that is asked for:
	// two round trips and a commit serve them all, and one more for each newsletter
	// whose articles are shown.
	noticesAhead = 31
	// noticeFresh is how long one may lie loaded. What a reader changes in that
	// time is not in the mail, and its Date is that much early; whether it is still
	// wanted is asked when it is sent.
	noticeFresh = time.Second
	// noticesGrow is how often the planner is made to look at the table.
	noticesGrow = 2 * time.Second
)

// noticeLoader loads the notices of a driver, with each as many of those behind
// it in the queue as are likely to go while they are fresh: what is loaded is
// frozen, Date included, and what goes stale is read again. Safe for parallel use.
type noticeLoader struct {
	s     *Service
	queue *queue

	mu     sync.Mutex
	ready  map[int64]loadedNotice
	ahead  int       // how many are loaded with the next that is asked for
	looked time.Time // when the planner last did
}

func newNoticeLoader(s *Service, q *queue) *noticeLoader {
	return &noticeLoader{s: s, queue: q, ready: map[int64]loadedNotice{}}
}

// take returns a notice once. Returns errGone if its row was deleted.
func (l *noticeLoader) take(ctx context.Context, id int64) (loadedNotice, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget()
	if _, ok := l.ready[id]; !ok {
		if err := l.fill(ctx, id); err != nil {
			return loadedNotice{}, err
		}
	}
	n, ok := l.ready[id]
	delete(l.ready, id)
	if !ok {
		return n, errGone
	}
	return n, n.err
}

// forget drops what has been lying too long: so many do not go in that time.
func (l *noticeLoader) forget() {
	for id, n := range l.ready {
		if time.Since(n.at) > noticeFresh {
			delete(l.ready, id)
			l.ahead = 0
		}
	}
}

// fill loads a notice and those behind it, twice as many each time the last ones
// were all taken. If they cannot be loaded together it is tried alone: what is
// wrong with one must not hold the others.
func (l *noticeLoader) fill(ctx context.Context, id int64) error {
	ids := []int64{id}
	for _, next := range l.queue.nextNotices(l.ahead) {
		if _, ok := l.ready[next]; !ok && next != id {
			ids = append(ids, next)
		}
	}
	if len(ids) > l.ahead {
		l.ahead = min(2*l.ahead+1, noticesAhead)
	}
	got, err := l.s.loadNotices(ctx, ids)
	if err != nil && len(ids) > 1 {
		got, err = l.s.loadNotices(ctx, ids[:1])
	}
	if err != nil {
		return err
	}
	now := time.Now()
	for id, n := range got {
		n.at = now
		l.ready[id] = n
	}
	if now.Sub(l.looked) >= noticesGrow {
		l.looked = now
		if err := postgres.AnalyzeGrown(ctx, l.s.DB, "notice"); err != nil {
			l.s.Log.Warn("statistics of notices", "error", err)
		}
	}
	return nil
}

// nextNotices are up to n notices that wait, the next first.
func (q *queue) nextNotices(n int) []int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	var ids []int64
	for _, it := range q.notices[:min(n, len(q.notices))] {
		ids = append(ids, it.Notice)
	}
	return ids
}

// loadNotices reads notices and freezes, of those that are loaded for the first
// time, what their bytes depend on. Those that are not there any more are left out.
func (s *Service) loadNotices(ctx context.Context, ids []int64) (map[int64]loadedNotice, error) {
	out, err := s.readNotices(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("load notices: %w", err)
	}
	fresh, err := s.freezeNotices(ctx, out)
	if err != nil {
		return nil, fmt.Errorf("freeze notices: %w", err)
	}
	if len(fresh) == 0 {
		return out, nil
	}
	// Another sender froze these in the meantime, or they are gone.
	again, err := s.loadNotices(ctx, fresh)
	if err != nil {
		return nil, err
	}
	for _, id := range fresh {
		delete(out, id)
		if n, ok := again[id]; ok {
			out[id] = n
		}
	}
	return out, nil
}

func (s *Service) readNotices(ctx context.Context, ids []int64) (map[int64]loadedNotice, error) {
	out, facts := make(map[int64]loadedNotice, len(ids)), make(map[int64]noticeFacts, len(ids))
	args := pgx.StrictNamedArgs{"ids": ids, "now": s.Clock.Now(), "key": s.Keys.Fingerprints()[0], "base": s.BaseURL, "within": subscriber.ConfirmWithin}
	batch := &pgx.Batch{}
	readNotice.Queue(batch, args).Query(func(rows pgx.Rows) error {
		return eachRow(rows, func(n noticeRow) { out[n.ID] = loadedNotice{noticeRow: n} })
	})
	readNoticeFacts.Queue(batch, args).Query(func(rows pgx.Rows) error {
		return eachRow(rows, func(f noticeFacts) { facts[f.NoticeID] = f })
	})
	if err := s.DB.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	for id, n := range out {
		f, ok := facts[id]
		switch {
		case n.Facts != nil:
			n.err = json.Unmarshal(n.Facts, &n.facts)
		case ok:
			n.facts = f
		default:
			n.err = fmt.Errorf("load notice %d: there is no newsletter to send it for", id)
		}
		if err := json.Unmarshal(n.Content, &n.content); err != nil {
			n.err = &poisonError{fmt.Errorf("content: %w", err)}
		}
		out[id] = n
	}
	return out, nil
}

func eachRow[T any](rows pgx.Rows, do func(T)) error {
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	for _, row := range all {
		do(row)
	}
	return err
}

// freezeNotices returns the ids of those that it could not freeze.
func (s *Service) freezeNotices(ctx context.Context, all map[int64]loadedNotice) ([]int64, error) {
	var ids []int64
	var times []time.Time
	var keys, facts []string
	latest := map[int64][]mailer.Article{} // by newsletter: one reading serves every welcome
	for id, n := range all {
		if n.Facts != nil || n.err != nil {
			continue
		}
		var err error
		switch n.Kind {
		case Welcome:
			articles, read := latest[n.facts.NewsletterID]
			if !read {
				articles, err = s.latest(ctx, n.facts.NewsletterID, n.ComposedAt, nil, welcomeArticles)
				latest[n.facts.NewsletterID] = articles
			}
			n.facts.Articles = articles
		case Test:
			n.facts.Articles, err = s.latest(ctx, n.facts.NewsletterID, n.ComposedAt, n.content.Articles, max(1, len(n.content.Articles)))
		}
		if err != nil {
			return nil, err
		}
		all[id] = n
		text, err := json.Marshal(n.facts)
		if err != nil {
			return nil, err
		}
		ids, times = append(ids, id), append(times, n.ComposedAt)
		keys, facts = append(keys, n.KeyID), append(facts, string(text))
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := s.DB.Query(ctx, sqlNoticeFreeze, pgx.StrictNamedArgs{
		"ids": ids, "times": times, "keys": keys, "facts": facts, "within": subscriber.ConfirmWithin,
	})
	if err != nil {
		return nil, err
	}
	frozen, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(ids, func(id int64) bool { return slices.Contains(frozen, id) }), nil
}

var (
	readNotice      = postgres.Compile(sqlNotice, pgx.StrictNamedArgs{"ids": nil, "now": nil, "key": nil})
	readNoticeFacts = postgres.Compile(sqlNoticeFacts, pgx.StrictNamedArgs{"ids": nil, "now": nil, "base": nil, "within": nil})
)
