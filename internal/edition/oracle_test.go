package edition

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// standing is a subscription as the audit finds it.
type standing struct {
	NewsletterID int64
	SubscriberID int64
	State        string
	Cadence      string
	All          bool
	Topics       []string
	SeenSeq      int64
	Paused       bool
}

type carried struct {
	EditionID    int64
	SubscriberID int64
	NewsletterID int64
	State        string
	ArticleIDs   []int64
}

func live(state string) bool { return state != "cancelled" && state != "skipped" && state != "failed" }

// audit checks the invariants against the oracle's sets. done names a
// newsletter whose fan-out has just ended, 0 for none.
func (w *world) audit(ctx context.Context, done int64) error {
	subs, err := rowsOf[standing](ctx, w, `SELECT newsletter_id, subscriber_id, state, cadence, topics IS NULL AS "all", coalesce(topics, '{}') AS topics,
		seen_seq, coalesce(paused_until > $3, false) AS paused FROM subscription WHERE newsletter_id = ANY ($1) AND subscriber_id = ANY ($2)
		ORDER BY 1, 2`, w.letters, w.readers, w.clock.Now())
	if err != nil {
		return err
	}
	mails, err := rowsOf[carried](ctx, w, `SELECT d.edition_id, d.subscriber_id, d.newsletter_id, d.state, e.article_ids
		FROM delivery d JOIN edition e ON e.id = d.edition_id AND e.month = d.month WHERE e.kind <> 'correction' AND d.newsletter_id = ANY ($1) AND d.subscriber_id = ANY ($2)
		ORDER BY 1, 2`, w.letters, w.readers)
	if err != nil {
		return err
	}
	type owing struct{ NewsletterID, SubscriberID, ArticleID int64 }
	debts, err := rowsOf[owing](ctx, w, `SELECT newsletter_id, subscriber_id, article_id FROM owed WHERE newsletter_id = ANY ($1) AND subscriber_id = ANY ($2)`, w.letters, w.readers)
	if err != nil {
		return err
	}
	owed := map[owing]bool{}
	for _, d := range debts {
		owed[d] = true
	}
	bySub := map[pair]standing{}
	for _, s := range subs {
		bySub[pair{s.NewsletterID, s.SubscriberID}] = s
	}

	// 1. Never twice.
	type told struct{ reader, family, story int64 }
	alive, sent, failed := map[told]int64{}, map[told]bool{}, map[told]bool{}
	own := map[owing]bool{} // alive in the article's own newsletter
	for _, m := range mails {
		for _, id := range m.ArticleIDs {
			key := told{m.SubscriberID, w.family(m.NewsletterID), w.arts[id].story}
			if live(m.State) {
				own[owing{m.NewsletterID, m.SubscriberID, id}] = true
				if other, twice := alive[key]; twice && !w.excused[pair{key.story, key.reader}] {
					return fmt.Errorf("twice: story %d to reader %d in editions %d and %d", key.story, key.reader, other, m.EditionID)
				}
				alive[key] = m.EditionID
			}
			sent[key] = sent[key] || m.State == "sent"
			failed[key] = failed[key] || m.State == "failed"
		}
	}
	// Deliveries that are new: to whom, and only of what this reader may get.
	now := map[delivered]bool{}
	for _, m := range mails {
		if !live(m.State) {
			continue
		}
		key := delivered{m.EditionID, m.SubscriberID}
		now[key] = true
		if w.alive[key] {
			continue
		}
		p := pair{m.NewsletterID, m.SubscriberID}
		s := bySub[p]
		if s.State != "active" || s.Paused {
			return fmt.Errorf("edition %d was made for reader %d, who is %s, paused %t", m.EditionID, p.reader, s.State, s.Paused)
		}
		for _, id := range m.ArticleIDs {
			_, may := w.outstanding[p][id]
			if a := w.arts[id]; a.withdrawn || !may || !wants(article{Topics: a.topics}, s.All, s.Topics) {
				return fmt.Errorf("edition %d brings reader %d article %d: withdrawn %t, outstanding %t, topics %v of %v",
					m.EditionID, p.reader, id, a.withdrawn, may, a.topics, s.Topics)
			}
		}
	}
	w.alive = now

	// 2. Never lost.
	for p, set := range w.outstanding {
		s := bySub[p]
		if s.State != "active" {
			continue
		}
		settled := done == p.letter && s.Cadence == "instant" && !s.Paused
		for id, must := range set {
			a := w.arts[id]
			key := told{p.reader, w.family(p.letter), a.story}
			debt := owing{p.letter, p.reader, id}
			wanted := wants(article{Topics: a.topics}, s.All, s.Topics)
			switch {
			case sent[key]:
				delete(set, id)
			case failed[key]: // a refusal may end the story, or a translation may still go
				set[id] = false
			case !must:
			case !wanted && !a.withdrawn && a.seq <= s.SeenSeq && !own[debt] && !owed[debt]:
				delete(set, id) // its turn passed while they did not want it, whatever comes of its sibling
			case alive[key] != 0, owed[debt]:
			case !settled && a.seq > s.SeenSeq:
			case a.withdrawn: // may be released again
			case !wanted:
				delete(set, id)
			default:
				return fmt.Errorf("lost: article %d (seq %d, story %d) for reader %v, mark %d, after a fan-out %t", id, a.seq, a.story, p, s.SeenSeq, settled)
			}
		}
	}

	// 3. Marks.
	for p, s := range bySub {
		if s.SeenSeq < w.seen[p] {
			return fmt.Errorf("the mark of %v fell from %d to %d", p, w.seen[p], s.SeenSeq)
		}
		w.seen[p] = s.SeenSeq
	}
	// 3 and 4, in the database's words.
	var bad string
	err = w.pool.QueryRow(ctx, `
		SELECT coalesce((SELECT 'mark above last_seq of ' || n.id FROM subscription s JOIN newsletter n ON n.id = s.newsletter_id
			WHERE n.id = ANY ($1) AND s.seen_seq > n.last_seq LIMIT 1),
		(SELECT 'edition ' || e.id || ' holds what came after its slot' FROM edition e JOIN article a ON a.id = ANY (e.article_ids)
			WHERE e.newsletter_id = ANY ($1) AND a.released_at > e.slot LIMIT 1),
		(SELECT 'edition ' || e.id || ' still brings a text from before a correction' FROM edition e JOIN edition_body b ON b.edition_id = e.id
			JOIN edition c ON c.newsletter_id = e.newsletter_id AND c.kind = 'correction' AND c.article_ids <@ e.article_ids AND c.slot > b.composed_at
			WHERE e.newsletter_id = ANY ($1) AND e.kind <> 'correction' AND e.state IN ('open', 'paused', 'settled')
			AND EXISTS (SELECT FROM delivery d WHERE d.edition_id = e.id AND d.state = 'queued') LIMIT 1),
		(SELECT 'a correction was skipped: ' || d.edition_id || ' to ' || d.subscriber_id FROM delivery d JOIN edition e ON e.id = d.edition_id
			WHERE e.newsletter_id = ANY ($1) AND e.kind = 'correction' AND d.state = 'skipped' LIMIT 1),
		(SELECT 'seqs of ' || newsletter_id || ' have a gap' FROM article WHERE newsletter_id = ANY ($1) AND seq IS NOT NULL
			GROUP BY newsletter_id HAVING max(seq) <> count(*) LIMIT 1), '')`, w.letters).Scan(&bad)
	if err == nil && bad != "" {
		return fmt.Errorf("%s", bad)
	}
	return err
}

func (w *world) family(letter int64) int64 {
	if letter == w.letters[2] {
		return 2
	}
	return 1
}

func rowsOf[T any](ctx context.Context, w *world, sql string, args ...any) ([]T, error) {
	rows, err := w.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

// send plays the sender: each delivery that may go is re-checked in the
// statement that settles it.
func (w *world) send(ctx context.Context, rnd *rand.Rand, all bool) error {
	type row struct {
		EditionID    int64
		SubscriberID int64
		State        string
	}
	queue, err := rowsOf[row](ctx, w, `SELECT d.edition_id, d.subscriber_id, d.state FROM delivery d JOIN edition e ON e.id = d.edition_id AND e.month = d.month
		WHERE d.newsletter_id = ANY ($1) AND d.subscriber_id = ANY ($2) AND (d.state IN ('sending', 'in doubt') OR (d.state IN ('queued', 'deferred') AND e.state = 'open'))
		ORDER BY 1, 2`, w.letters, w.readers)
	if err != nil {
		return err
	}
	if _, err := w.exec(ctx, `INSERT INTO edition_body (edition_id, key_id, composed_at, from_address, base_url, segments)
		SELECT id, 'k', $2, '', '', '' FROM edition WHERE newsletter_id = ANY ($1) AND state = 'open' ON CONFLICT DO NOTHING`, w.letters, w.clock.Now()); err != nil {
		return err
	}
	for _, d := range queue {
		if !all && rnd.IntN(3) == 0 {
			continue
		}
		to := []string{"sent", "sent", "sent", "sent", "sent", "sent", "deferred", "sending", "in doubt", "failed"}[rnd.IntN(10)]
		if all {
			to = "sent"
		}
		if err := w.sendOne(ctx, d.EditionID, d.SubscriberID, d.State, to); err != nil {
			return fmt.Errorf("send edition %d to %d: %w", d.EditionID, d.SubscriberID, err)
		}
	}
	// As the sender does it: the statement that settles sees what was committed
	// before the lock.
	return postgres.InTx(ctx, w.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id FROM edition WHERE newsletter_id = ANY ($1) AND state = 'open' ORDER BY id FOR UPDATE`, w.letters)
		if err != nil {
			return err
		}
		open, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE edition e SET state = 'settled' WHERE e.id = ANY ($1) AND NOT EXISTS (
			SELECT FROM delivery d WHERE d.month = e.month AND d.edition_id = e.id AND d.state IN ('queued', 'deferred', 'sending', 'in doubt'))`, open)
		return err
	})
}

func (w *world) sendOne(ctx context.Context, edition, reader int64, from, to string) error {
	if from == "sending" || from == "in doubt" { // on the wire: no check any more
		if to == "sending" {
			to = "in doubt"
		}
		_, err := w.exec(ctx, `UPDATE delivery SET state = CASE WHEN doubts > 0 AND $4 IN ('deferred', 'failed') THEN 'in doubt' ELSE $4 END, settled_at = $5, due_at = CASE WHEN doubts = 0 AND $4 = 'deferred' THEN $5::timestamptz END, doubts = doubts + CASE WHEN $4 = 'in doubt' THEN 1 ELSE 0 END WHERE edition_id = $1 AND subscriber_id = $2 AND state = $3`, edition, reader, from, to, w.clock.Now())
		return err
	}
	// The subscription is held while it is judged: otherwise an undo between the
	// judgement and the cancelling would find nothing to owe.
	return postgres.InTx(ctx, w.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM subscription s JOIN edition e ON e.newsletter_id = s.newsletter_id
			WHERE e.id = $1 AND s.subscriber_id = $2 FOR SHARE OF s`, edition, reader); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			WITH went AS (
				UPDATE delivery d SET settled_at = $4,
					due_at = CASE WHEN s.state = 'active' AND s.paused_until > $4 AND e.kind = 'correction' AND d.doubts = 0 THEN s.paused_until
						WHEN $3 = 'deferred' THEN $4::timestamptz END,
					state = CASE WHEN s.state = 'active' AND coalesce(s.paused_until <= $4, true) THEN $3
						WHEN d.doubts > 0 THEN 'in doubt' WHEN s.state = 'ended' THEN 'cancelled'
						WHEN e.kind = 'correction' THEN 'deferred' ELSE 'skipped' END,
					doubts = d.doubts + CASE WHEN $3 = 'in doubt' AND s.state = 'active' AND coalesce(s.paused_until <= $4, true) THEN 1 ELSE 0 END
				FROM subscription s, edition e
				WHERE d.edition_id = $1 AND d.subscriber_id = $2 AND d.state IN ('queued', 'deferred')
				AND s.newsletter_id = d.newsletter_id AND s.subscriber_id = d.subscriber_id
				AND e.id = d.edition_id AND e.month = d.month AND e.state = 'open'
				RETURNING d.newsletter_id, d.subscriber_id, d.state, e.article_ids, s.paused_until)
			INSERT INTO owed (newsletter_id, subscriber_id, article_id, due_at, reason)
			SELECT w.newsletter_id, w.subscriber_id, x, w.paused_until, 'paused' FROM went w, unnest(w.article_ids) x WHERE w.state = 'skipped'
			ON CONFLICT (newsletter_id, subscriber_id, article_id) DO UPDATE SET due_at = excluded.due_at`,
			edition, reader, to, w.clock.Now())
		return err
	})
}

// drain lets time run until nothing is outstanding: the end of every history.
func (w *world) drain(ctx context.Context) error {
	w.svc.seam.page = nil
	if _, err := w.exec(ctx, `UPDATE edition SET state = 'open' WHERE newsletter_id = ANY ($1) AND state = 'paused'`, w.letters); err != nil {
		return err
	}
	for range 120 {
		if err := w.svc.cancelStopped(ctx, w.clock.Now()); err != nil {
			return err
		}
		for _, letter := range w.letters {
			if err := w.fanOut(ctx, letter, false); err != nil {
				return err
			}
		}
		if err := w.send(ctx, w.rnd, true); err != nil {
			return err
		}
		if err := w.audit(ctx, 0); err != nil {
			return err
		}
		left, err := w.left(ctx)
		if err != nil || len(left) == 0 {
			return err
		}
		var next *time.Time
		err = w.pool.QueryRow(ctx, `SELECT min(at) FROM (
			SELECT due_at FROM subscription WHERE newsletter_id = ANY ($1) AND state = 'active' UNION ALL
			SELECT paused_until FROM subscription WHERE newsletter_id = ANY ($1) AND state = 'active' UNION ALL
			SELECT due_at FROM owed WHERE newsletter_id = ANY ($1)) AS x (at) WHERE at > $2`, w.letters, w.clock.Now()).Scan(&next)
		if err != nil {
			return err
		}
		if next == nil {
			return fmt.Errorf("nothing is due any more, but %v", left)
		}
		w.clock.Set(*next)
	}
	left, err := w.left(ctx)
	return fmt.Errorf("not at rest: %v, %w", left, err)
}

// left tells what active readers are still to get.
func (w *world) left(ctx context.Context) ([]string, error) {
	active, err := rowsOf[struct{ NewsletterID, SubscriberID int64 }](ctx, w,
		`SELECT newsletter_id, subscriber_id FROM subscription WHERE newsletter_id = ANY ($1) AND state = 'active' ORDER BY 1, 2`, w.letters)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range active {
		for id, must := range w.outstanding[pair{s.NewsletterID, s.SubscriberID}] {
			if must && !w.arts[id].withdrawn {
				out = append(out, fmt.Sprintf("article %d to %v", id, s))
			}
		}
	}
	var owed int
	err = w.pool.QueryRow(ctx, `SELECT count(*) FROM owed o JOIN subscription s USING (newsletter_id, subscriber_id)
		WHERE o.newsletter_id = ANY ($1) AND s.state = 'active'`, w.letters).Scan(&owed)
	if owed > 0 {
		out = append(out, fmt.Sprintf("%d owed", owed))
	}
	if err != nil {
		return nil, err
	}
	var corrections int
	err = w.pool.QueryRow(ctx, `SELECT count(*) FROM delivery d JOIN edition e ON e.id = d.edition_id AND e.kind = 'correction' AND e.state = 'open'
		JOIN subscription s ON s.newsletter_id = d.newsletter_id AND s.subscriber_id = d.subscriber_id AND s.state = 'active'
		WHERE d.newsletter_id = ANY ($1) AND d.state IN ('queued', 'deferred')`, w.letters).Scan(&corrections)
	if corrections > 0 {
		out = append(out, fmt.Sprintf("%d corrections", corrections))
	}
	slices.Sort(out)
	return out, err
}
