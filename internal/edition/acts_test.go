package edition

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"vistka/internal/postgres"
)

// discard is River's client where nobody looks at the jobs.
type discard struct{}

func (discard) InsertTx(context.Context, pgx.Tx, river.JobArgs, *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	return &rivertype.JobInsertResult{}, nil
}

// recent is one of the last released articles, or nil.
func (w *world) recent(n int) *piece {
	if len(w.order) == 0 {
		return nil
	}
	return w.arts[w.order[len(w.order)-1-w.rnd.IntN(min(n, len(w.order)))]]
}

// deliveredTo lists the readers with a delivery of an article in one of these states.
func (w *world) deliveredTo(ctx context.Context, article int64, states ...string) (map[int64]bool, error) {
	rows, err := w.pool.Query(ctx, `SELECT d.subscriber_id FROM delivery d JOIN edition e ON e.id = d.edition_id AND e.month = d.month
		WHERE e.article_ids @> ARRAY[$1::bigint] AND e.kind <> 'correction' AND d.state = ANY ($2)`, article, states)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	out := map[int64]bool{}
	for _, id := range list {
		out[id] = true
	}
	return out, err
}

var liveStates = []string{"queued", "deferred", "sending", "in doubt", "sent"}

// standings are the readers of a letter: true, active.
func (w *world) standings(ctx context.Context, letter int64) (map[int64]bool, error) {
	list, err := rowsOf[struct {
		ID     int64
		Active bool
	}](ctx, w, `SELECT subscriber_id AS id, state = 'active' AS active FROM subscription WHERE newsletter_id = $1`, letter)
	out := map[int64]bool{}
	for _, s := range list {
		out[s.ID] = s.Active
	}
	return out, err
}

// mailAgain: whoever is active and has nothing of it must get it.
func (w *world) mailAgain(ctx context.Context) error {
	a := w.recent(5)
	if a == nil || a.withdrawn {
		return nil
	}
	have, err := w.deliveredTo(ctx, a.id, liveStates...)
	if err != nil {
		return err
	}
	err = postgres.InTx(ctx, w.pool, func(tx pgx.Tx) error {
		n, err := w.svc.MailAgain(ctx, tx, a.id)
		w.note("mail %d again to %d", a.id, n)
		return err
	})
	if errors.Is(err, ErrState) {
		return nil
	}
	active, err2 := w.standings(ctx, a.letter)
	if err != nil || err2 != nil {
		return errors.Join(err, err2)
	}
	for reader, is := range active {
		if p := (pair{a.letter, reader}); is && !have[reader] && w.outstanding[p] != nil {
			w.outstanding[p][a.id] = true
		}
	}
	return nil
}

// correct: whoever has a wrong text of it gets the correction, once. It may
// have been edited just before, long before, or not; or is only edited.
func (w *world) correct(ctx context.Context) error {
	a := w.recent(3)
	if a == nil || a.withdrawn {
		return nil
	}
	if lot := w.rnd.IntN(4); lot < 2 {
		if err := w.edit(ctx, a); err != nil || lot == 0 {
			return err
		}
		w.clock.Advance(time.Second)
	}
	had, edited, err := w.wrongTextOf(ctx, a)
	if err != nil {
		return err
	}
	known, err := w.svc.Corrections(ctx, a.id)
	if err != nil {
		return err
	}
	if known.Edited != edited && !w.parallel {
		return fmt.Errorf("correction of %d: edited %t, want %t", a.id, known.Edited, edited)
	}
	var mailed int64
	err = postgres.InTx(ctx, w.pool, func(tx pgx.Tx) (err error) {
		mailed, err = w.svc.Correct(ctx, tx, a.id, known.N, "It was wrong.")
		w.note("correct %d for %d", a.id, mailed)
		return err
	})
	if errors.Is(err, ErrState) || errors.Is(err, ErrRepeated) || err != nil {
		return ignore(err, ErrState, ErrRepeated)
	}
	if mailed > 0 {
		a.corrected = w.clock.Now()
	}
	if w.parallel {
		return nil
	}
	active, err := w.standings(ctx, a.letter)
	if err != nil {
		return err
	}
	told, err := rowsOf[struct{ ID, N int64 }](ctx, w, `SELECT d.subscriber_id AS id, count(*) AS n FROM delivery d JOIN edition e ON e.id = d.edition_id
		WHERE e.kind = 'correction' AND e.slot = $2 AND e.article_ids = ARRAY[$1::bigint] GROUP BY 1`, a.id, w.clock.Now())
	if err != nil {
		return err
	}
	count := map[int64]int64{}
	for _, x := range told {
		count[x.ID] = x.N
	}
	for reader, is := range active {
		if want := is && had[reader]; (count[reader] == 1) != want || count[reader] > 1 {
			return fmt.Errorf("correction of %d: reader %d has %d, active %t, had it %t", a.id, reader, count[reader], is, had[reader])
		}
	}
	return nil
}

// edit is what a poll does to an article that its site changed.
func (w *world) edit(ctx context.Context, a *piece) error {
	a.edited = w.clock.Now()
	w.note("edited %d", a.id)
	_, err := w.exec(ctx, `UPDATE article SET updated_at = $2 WHERE id = $1`, a.id, a.edited)
	return err
}

// wrongTextOf lists who has a text from before the last edit, if there was one
// since the first mail and since the last correction; otherwise who has any.
func (w *world) wrongTextOf(ctx context.Context, a *piece) (had map[int64]bool, edited bool, err error) {
	texts, err := rowsOf[struct {
		Reader   int64
		Composed time.Time
		Gone     bool
	}](ctx, w, `SELECT coalesce(d.subscriber_id, 0) AS reader, b.composed_at AS composed, coalesce(d.state IN ('sent', 'in doubt', 'sending'), false) AS gone
		FROM edition e JOIN edition_body b ON b.edition_id = e.id LEFT JOIN delivery d ON d.edition_id = e.id AND d.month = e.month
		WHERE e.article_ids @> ARRAY[$1::bigint] AND e.kind <> 'correction'`, a.id)
	if err != nil {
		return nil, false, err
	}
	known := a.corrected
	for _, t := range texts {
		if a.corrected.IsZero() && (known.IsZero() || t.Composed.Before(known)) {
			known = t.Composed
		}
	}
	edited = !known.IsZero() && a.edited.After(known)
	had = map[int64]bool{}
	for _, t := range texts {
		if t.Gone && (!edited || t.Composed.Before(a.edited)) {
			had[t.Reader] = true
		}
	}
	return had, edited, nil
}

func ignore(err error, these ...error) error {
	for _, e := range these {
		if errors.Is(err, e) {
			return nil
		}
	}
	return err
}

// pairUp makes two articles one story, or takes one out of its story again.
func (w *world) pairUp(ctx context.Context) error {
	a := w.recent(4)
	if a == nil {
		return nil
	}
	for _, id := range w.order {
		if b := w.arts[id]; b.story == a.story && b != a {
			return w.takeApart(ctx, a, b)
		}
	}
	b := w.recent(6)
	for _, id := range w.order {
		if o := w.arts[id]; o != b && o.story == b.story {
			return nil
		}
	}
	if b.letter == a.letter || !w.inFamily(a.letter, b.letter) {
		return nil
	}
	hasA, err := w.deliveredTo(ctx, a.id, liveStates...)
	if err != nil {
		return err
	}
	hasB, err := w.deliveredTo(ctx, b.id, liveStates...)
	if err != nil {
		return err
	}
	err = postgres.InTx(ctx, w.pool, func(tx pgx.Tx) error {
		if err := w.svc.LockFamily(ctx, tx, a.id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE article SET story_id = $2, paired_by = 'hand' WHERE id = $1`, b.id, a.story)
		return err
	})
	for reader := range hasA {
		if hasB[reader] {
			w.excused[pair{a.story, reader}] = true // had both before anybody knew
		}
	}
	b.story = a.story
	w.note("%d and %d are one story", a.id, b.id)
	return err
}

func (w *world) takeApart(ctx context.Context, a, b *piece) error {
	err := postgres.InTx(ctx, w.pool, func(tx pgx.Tx) error {
		if err := w.svc.LockFamily(ctx, tx, a.id); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `WITH s AS (INSERT INTO story DEFAULT VALUES RETURNING id)
			UPDATE article SET story_id = s.id, paired_by = 'apart' FROM s WHERE article.id = $1 RETURNING story_id`, a.id).Scan(&a.story); err != nil {
			return err
		}
		for _, x := range []*piece{a, b} {
			if _, err := w.svc.Unpaired(ctx, tx, x.id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || w.parallel {
		return err
	}
	w.note("%d and %d are no longer one story", a.id, b.id)
	for _, x := range []*piece{a, b} {
		have, err := w.deliveredTo(ctx, x.id, liveStates...)
		if err != nil {
			return err
		}
		active, err := w.standings(ctx, x.letter)
		if err != nil {
			return err
		}
		for reader, is := range active {
			if p := (pair{x.letter, reader}); !have[reader] && w.joined[p] < x.seq && w.outstanding[p] != nil {
				w.outstanding[p][x.id] = is && !x.withdrawn
			}
		}
	}
	return nil
}
