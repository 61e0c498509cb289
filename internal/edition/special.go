package edition

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// special settles the readers who must be decided one by one.
func (r *run) special(ctx context.Context) error {
	for after := int64(math.MinInt64); after != math.MaxInt64; {
		var next, readers, made int64
		err := postgres.InTx(ctx, r.s.DB, func(tx pgx.Tx) (err error) {
			next, readers, made, err = r.specialPage(ctx, tx, after)
			return err
		})
		if err != nil {
			return fmt.Errorf("page after %d: %w", after, err)
		}
		r.result.Readers += readers
		r.result.Deliveries += made
		after = next
	}
	return nil
}

// specialPage locks, decides and writes one page. next is MaxInt64 after the last.
func (r *run) specialPage(ctx context.Context, tx pgx.Tx, after int64) (next, settled, made int64, err error) {
	if err := r.lockFamily(ctx, tx); err != nil {
		return 0, 0, 0, err
	}
	size := min(specialPage, r.s.page())
	rows, err := tx.Query(ctx, r.pick(sqlSpecialInstant, sqlSpecialTimed), r.args(pgx.NamedArgs{"after": after, "page": size}))
	if err != nil {
		return 0, 0, 0, err
	}
	readers, err := pgx.CollectRows(rows, pgx.RowToStructByName[specialReader])
	if err != nil || len(readers) == 0 {
		return math.MaxInt64, 0, 0, err
	}
	articles, err := r.know(ctx, tx, readers)
	if err != nil {
		return 0, 0, 0, err
	}
	w, err := r.decide(ctx, tx, readers, articles)
	if err != nil {
		return 0, 0, 0, err
	}
	stopped, err := r.shareEditions(ctx, tx, w.editionIDs())
	if err != nil {
		return 0, 0, 0, err
	}
	if err := r.write(ctx, tx, w); err != nil {
		return 0, 0, 0, err
	}
	if err := r.finishPage(ctx, tx, stopped, int64(len(w.deliverTo))); err != nil {
		return 0, 0, 0, err
	}
	next = readers[len(readers)-1].ID
	if len(readers) < size {
		next = math.MaxInt64
	}
	return next, int64(len(readers)), int64(len(w.deliverTo)), nil
}

// know fills in what each reader is owed, had and waits for, and returns the
// articles in question. The readers are locked, so all of it is read after any
// act that ran before.
func (r *run) know(ctx context.Context, tx pgx.Tx, readers []specialReader) ([]article, error) {
	byID := make(map[int64]*specialReader, len(readers))
	readerIDs := make([]int64, 0, len(readers))
	seen := r.head
	for i := range readers {
		p := &readers[i]
		p.owed, p.stories = map[int64]bool{}, map[int64]outcome{}
		byID[p.ID] = p
		readerIDs = append(readerIDs, p.ID)
		seen = min(seen, p.Seen)
	}
	articles, err := r.articles(ctx, tx, seen)
	if err != nil {
		return nil, err
	}
	args := r.args(pgx.NamedArgs{
		"readers": readerIDs, "language": r.n.Language, "family": append([]int64{r.n.ID}, r.n.Siblings...),
		"paired_since": r.now.Add(-pairingHolds),
	})

	var id, other int64
	late := make(map[int64]bool) // owed, and released before all that these readers have not seen
	err = eachRow(ctx, tx, "owed", sqlOwed, args, []any{&id, &other}, func() { byID[id].owed[other], late[other] = true, true })
	if err != nil {
		return nil, err
	}
	for _, a := range articles {
		delete(late, a.ID)
	}
	if len(late) > 0 {
		more, err := owedArticles(ctx, tx, slices.Collect(maps.Keys(late)))
		if err != nil {
			return nil, err
		}
		articles = append(articles, more...)
	}
	var chosen fallback
	err = eachRow(ctx, tx, "preferred languages", sqlPreferSibling, args, []any{&id, &chosen}, func() {
		byID[id].prefers, byID[id].fallback = true, chosen
	})
	if err != nil {
		return nil, err
	}
	args["stories"] = storiesOf(articles)
	var state string
	err = eachRow(ctx, tx, "stories had", sqlStories, args, []any{&id, &other, &state}, func() {
		byID[id].stories[other] = max(byID[id].stories[other], r.s.settles(state))
	})
	return articles, err
}

// eachRow scans every row of a query and calls f; errors begin with what.
func eachRow(ctx context.Context, tx pgx.Tx, what, sql string, args pgx.QueryRewriter, scans []any, f func()) error {
	rows, err := tx.Query(ctx, sql, args)
	if err == nil {
		_, err = pgx.ForEachRow(rows, scans, func() error { f(); return nil })
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func owedArticles(ctx context.Context, tx pgx.Tx, ids []int64) ([]article, error) {
	rows, err := tx.Query(ctx, sqlOwedArticles, pgx.StrictNamedArgs{"articles": ids})
	if err != nil {
		return nil, fmt.Errorf("owed articles: %w", err)
	}
	more, err := pgx.CollectRows(rows, pgx.RowToStructByName[article])
	if err != nil {
		return nil, fmt.Errorf("owed articles: %w", err)
	}
	return more, nil
}

func (s *Service) settles(state string) outcome {
	if s.seam.had != nil && s.seam.had(state) {
		return had
	}
	return settles(state)
}

func storiesOf(articles []article) []int64 {
	var out []int64
	for _, a := range articles {
		out = append(out, a.StoryID)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// writes is what a page of special readers changes, column by column.
type writes struct {
	readers []int64 // whose marks move

	settledReaders, settledArticles []int64

	oweReaders, oweArticles []int64
	oweDues                 []time.Time
	oweReasons              []string

	deliverTo, providers, editions []int64
	months                         []time.Time
}

func (w *writes) editionIDs() []int64 {
	out := slices.Clone(w.editions)
	slices.Sort(out)
	return slices.Compact(out)
}

func (r *run) decide(ctx context.Context, tx pgx.Tx, readers []specialReader, articles []article) (writes, error) {
	var w writes
	type made struct {
		id    int64
		month time.Time
	}
	known := map[string]made{} // by content: a page's readers mostly get the same
	wait := time.Duration(r.n.Wait) * time.Microsecond
	inRun := map[int64]bool{}
	for _, a := range articles {
		inRun[a.ID] = a.Seq <= r.head
	}
	for _, p := range readers {
		v := weigh(p, articles, r.head, r.now, wait)
		w.readers = append(w.readers, p.ID)
		for a := range p.owed {
			if inRun[a] {
				w.settledReaders, w.settledArticles = append(w.settledReaders, p.ID), append(w.settledArticles, a)
			}
		}
		for _, d := range v.owe {
			w.oweReaders, w.oweArticles = append(w.oweReaders, p.ID), append(w.oweArticles, d.ArticleID)
			w.oweDues, w.oweReasons = append(w.oweDues, d.DueAt), append(w.oweReasons, d.Reason)
		}
		if len(v.mail) == 0 {
			continue
		}
		content := ids(v.mail)
		key := fmt.Sprint(p.Cadence, p.Locale, content)
		e, ok := known[key]
		if !ok {
			var err error
			if e.id, e.month, err = r.upsertEdition(ctx, tx, p.Cadence, p.Locale, content); err != nil {
				return w, err
			}
			known[key] = e
		}
		w.deliverTo, w.providers = append(w.deliverTo, p.ID), append(w.providers, p.ProviderID)
		w.editions, w.months = append(w.editions, e.id), append(w.months, e.month)
	}
	return w, nil
}

func (r *run) write(ctx context.Context, tx pgx.Tx, w writes) error {
	if len(w.deliverTo) > 0 {
		tag, err := tx.Exec(ctx, sqlDeliver, r.args(pgx.NamedArgs{
			"months": w.months, "editions": w.editions, "readers": w.deliverTo, "providers": w.providers,
		}))
		if err != nil {
			return fmt.Errorf("make deliveries: %w", err)
		}
		if tag.RowsAffected() != int64(len(w.deliverTo)) {
			return fmt.Errorf("make deliveries: %d of %d: a delivery of the same content is alive", tag.RowsAffected(), len(w.deliverTo))
		}
	}
	if _, err := tx.Exec(ctx, sqlSettleOwed, r.args(pgx.NamedArgs{"readers": w.settledReaders, "articles": w.settledArticles})); err != nil {
		return fmt.Errorf("settle what was owed: %w", err)
	}
	if _, err := tx.Exec(ctx, sqlOwe, r.args(pgx.NamedArgs{
		"readers": w.oweReaders, "articles": w.oweArticles, "dues": w.oweDues, "reasons": w.oweReasons,
	})); err != nil {
		return fmt.Errorf("owe: %w", err)
	}
	if _, err := tx.Exec(ctx, r.s.sql(sqlMoveSpecial), r.args(pgx.NamedArgs{"readers": w.readers})); err != nil {
		return fmt.Errorf("move marks: %w", err)
	}
	return nil
}
