package article

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/feed"
	"vistka/internal/locale"
	"vistka/internal/postgres"
)

// source is a feed row as polling needs it.
type source struct {
	ID           int64         `db:"id"`
	URL          string        `db:"url"`
	State        string        `db:"state"`
	ETag         string        `db:"etag"`
	LastModified string        `db:"last_modified"`
	PolledAt     *time.Time    `db:"polled_at"`
	GoodAt       *time.Time    `db:"good_at"`
	Failures     int           `db:"failures"`
	Entries      int           `db:"entries"`
	PollInterval time.Duration `db:"poll_interval"`
	MovedTo      string        `db:"moved_to"`
	MovedCount   int           `db:"moved_count"`
}

// errSuperseded: another process recorded a poll of this feed while ours was on
// the way. Ours may be the older document, so it is thrown away.
var errSuperseded = errors.New("another poll was recorded meanwhile")

// record writes the outcome of a good poll: one transaction, no network. doc is
// nil for "not modified". Of was, only ID and PolledAt are relied on.
func (s *Service) record(ctx context.Context, was source, resp feed.Response, doc *feed.Document) (PollResult, error) {
	var res PollResult
	err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		f, err := one[source](ctx, tx, sqlFeedLock, pgx.StrictNamedArgs{"id": was.ID})
		if err != nil {
			return err
		}
		if !sameTime(f.PolledAt, was.PolledAt) {
			return errSuperseded
		}
		now := s.Clock.Now()
		res = PollResult{FeedID: f.ID, NotModified: doc == nil}
		pairs, err := many[pair](ctx, tx, sqlPairs, pgx.StrictNamedArgs{"id": f.ID, "now": now, "since": now.Add(-rateWindow)})
		if err != nil {
			return err
		}
		if doc != nil {
			res.Entries = len(doc.Entries)
			for _, p := range pairs {
				if err := s.recordPair(ctx, tx, f, p, *doc, now, &res); err != nil {
					return fmt.Errorf("newsletter %d: %w", p.NewsletterID, err)
				}
			}
		}
		return s.feedGood(ctx, tx, f, pairs, resp, doc, now, &res)
	})
	if err != nil {
		return PollResult{}, fmt.Errorf("record feed %d: %w", was.ID, err)
	}
	return res, nil
}

func (s *Service) recordPair(ctx context.Context, tx pgx.Tx, f source, p pair, doc feed.Document, now time.Time, res *PollResult) error {
	if _, err := tx.Exec(ctx, sqlLockNewsletter, pgx.StrictNamedArgs{"newsletter_id": p.NewsletterID}); err != nil {
		return err
	}
	cands := candidates(doc)
	k, err := loadKnown(ctx, tx, p.NewsletterID, cands)
	if err != nil {
		return err
	}
	pl := decide(p, k, cands, now, f.GoodAt, f.Entries > 0)
	ids, err := apply(ctx, tx, f.ID, p, k, pl, now)
	if err != nil {
		return err
	}
	if p.BaselineAt == nil {
		if _, err := tx.Exec(ctx, sqlBaselined, pgx.StrictNamedArgs{"id": f.ID, "newsletter_id": p.NewsletterID, "now": now}); err != nil {
			return err
		}
	}
	if p.Siblings {
		if err := s.pairAll(ctx, tx, k, pl, ids); err != nil {
			return err
		}
	}
	res.count(pl)
	for i, d := range pl.decisions {
		if !d.isNew() || d.state != Waiting || !d.due.After(now) {
			continue
		}
		if s.OnGrace != nil {
			if err := s.OnGrace(ctx, tx, Grace{NewsletterID: p.NewsletterID, ArticleID: ids[i], Title: d.Title, DueAt: *d.due}); err != nil {
				return err
			}
		}
		if s.Jobs != nil {
			if err := s.schedule(ctx, tx, ids[i], *d.due); err != nil {
				return err
			}
		}
	}
	return nil
}

func loadKnown(ctx context.Context, db postgres.DB, newsletterID int64, cands []*candidate) (known, error) {
	k := known{keys: map[Key]int64{}, articles: map[int64]*knownArticle{}}
	var kinds, values []string
	for _, c := range cands {
		keys := c.all()
		if c.shared {
			keys = append(keys, c.address)
		}
		for _, key := range keys {
			kinds, values = append(kinds, key.Kind), append(values, key.Value)
		}
	}
	type row struct {
		Key
		ArticleID int64 `db:"article_id"`
	}
	rows, err := many[row](ctx, db, sqlKnownKeys, pgx.StrictNamedArgs{"newsletter_id": newsletterID, "kinds": kinds, "values": values})
	if err != nil {
		return k, err
	}
	var ids []int64
	for _, r := range rows {
		k.keys[r.Key] = r.ArticleID
		ids = append(ids, r.ArticleID)
	}
	slices.Sort(ids)
	articles, err := many[knownArticle](ctx, db, sqlKnownArticles, pgx.StrictNamedArgs{"ids": slices.Compact(ids)})
	for i := range articles {
		k.articles[articles[i].ID] = &articles[i]
	}
	return k, err
}

// apply writes a plan in one round trip. Returns the article ids in its order.
func apply(ctx context.Context, tx pgx.Tx, feedID int64, p pair, k known, pl plan, now time.Time) ([]int64, error) {
	ids := make([]int64, len(pl.decisions))
	var b pgx.Batch
	for i, d := range pl.decisions {
		kinds, values := make([]string, len(d.keys)), make([]string, len(d.keys))
		for j, key := range d.keys {
			kinds[j], values[j] = key.Kind, key.Value
		}
		if d.isNew() {
			args := content(d, feedID, now)
			args["newsletter_id"], args["published_at"] = p.NewsletterID, d.PublishedAt
			args["state"], args["reason"], args["due_at"] = string(d.state), d.reason, d.due
			args["kinds"], args["values"] = kinds, values
			b.Queue(sqlInsert, args).QueryRow(func(row pgx.Row) error { return row.Scan(&ids[i]) })
			continue
		}
		ids[i] = d.id
		if len(d.keys) > 0 {
			b.Queue(sqlAddKeys, pgx.StrictNamedArgs{"newsletter_id": p.NewsletterID, "id": d.id, "kinds": kinds, "values": values})
		}
		if d.note != nil {
			b.Queue(sqlNote, pgx.StrictNamedArgs{"id": d.id, "now": now, "reason": d.note})
		}
		if d.edit {
			args := content(d, feedID, now)
			args["id"], args["old_title"] = d.id, k.articles[d.id].Title
			args["before"] = locale.Message{Key: "article.note.title", Name: k.articles[d.id].Title}
			args["after"] = locale.Message{Key: "article.note.title_after", Name: k.articles[d.id].Title}
			b.Queue(sqlEdit, args)
			if k.articles[d.id].State == Waiting {
				b.Queue(sqlRedate, pgx.StrictNamedArgs{"id": d.id, "feed_id": feedID, "published_at": d.PublishedAt, "grace": p.Grace, "now": now})
			}
		}
	}
	if b.Len() == 0 {
		return ids, nil
	}
	return ids, tx.SendBatch(ctx, &b).Close()
}

func content(d *decision, feedID int64, now time.Time) pgx.StrictNamedArgs {
	topics := d.Topics
	if topics == nil {
		topics = []string{}
	}
	return pgx.StrictNamedArgs{
		"feed_id": feedID, "url": d.URL, "title": d.Title, "summary": d.Summary, "content_html": d.ContentHTML,
		"author": d.Author, "image_url": d.ImageURL, "image_alt": d.ImageAlt, "topics": topics, "now": now,
	}
}

func sameTime(a, b *time.Time) bool {
	return (a == nil && b == nil) || (a != nil && b != nil && a.Equal(*b))
}

// many and one read rows into structs by column name.
func many[T any](ctx context.Context, db postgres.DB, sql string, args pgx.StrictNamedArgs) ([]T, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

func one[T any](ctx context.Context, db postgres.DB, sql string, args pgx.StrictNamedArgs) (T, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		var none T
		return none, err
	}
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[T])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	return v, err
}
