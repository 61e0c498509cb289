package edition

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"vistka/internal/postgres/pgtest"
)

// TestParallel plays the acts from four goroutines at once: releases and
// withdrawals, readers' acts, fan-out with pages rolled back, sender with
// cancelled editions and more fan-out. While they run only the database's own
// invariants are asked; when all is at rest, that nothing was lost or doubled.
func TestParallel(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	for seed := range uint64(histories(5)) {
		if err := playParallel(t.Context(), pool, seed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// crowd is a world of which each goroutine has its own view: its own random
// numbers, and a service whose seams are its own.
func (w *world) view(seed uint64) *world {
	v := *w
	v.rnd = rand.New(rand.NewPCG(seed, 11))
	svc := *w.svc
	v.svc = &svc
	v.log, v.parallel = nil, true
	v.excused, v.arts = map[pair]bool{}, map[int64]*piece{}
	return &v
}

func playParallel(ctx context.Context, pool *pgxpool.Pool, seed uint64) error {
	w, err := newWorld(ctx, pool, seed)
	if err != nil {
		return err
	}
	for range 12 {
		if err := w.join(ctx); err != nil {
			return err
		}
	}
	// The goroutines must not share the oracle's maps: sets are made from the
	// database when all is at rest, from what each reader chose.
	newsroom, readers := w.view(seed*4+1), w.view(seed*4+2)
	senders := []*world{w.view(seed*4 + 3), w.view(seed*4 + 4)}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		v := newsroom
		v.outstanding = map[pair]map[int64]bool{}
		for range acts / 2 {
			w.clock.Advance(time.Minute)
			err := v.release(gctx)
			if err == nil && v.rnd.IntN(5) == 0 {
				err = v.withdraw(gctx)
			}
			if err == nil && v.rnd.IntN(4) == 0 {
				err = v.mailAgain(gctx)
			}
			if err == nil && v.rnd.IntN(4) == 0 {
				err = v.correct(gctx)
			}
			if err == nil && v.rnd.IntN(4) == 0 {
				err = v.pairUp(gctx)
			}
			if err != nil {
				return fmt.Errorf("newsroom: %w", err)
			}
		}
		return nil
	})
	g.Go(func() error {
		v := readers
		v.outstanding = map[pair]map[int64]bool{}
		for range acts {
			w.clock.Advance(20 * time.Minute)
			var err error
			switch v.rnd.IntN(5) {
			case 0:
				err = v.leave(gctx)
			case 1:
				err = v.undo(gctx)
			default:
				err = v.preferTimes(gctx)
			}
			if err != nil {
				return fmt.Errorf("readers: %w", err)
			}
		}
		return nil
	})
	for i, v := range senders { // both fan out, one also sends and stops
		g.Go(func() error {
			for range acts / 3 {
				if err := v.fanOutOnly(gctx); err != nil {
					return fmt.Errorf("fan-out: %w", err)
				}
				if i == 0 {
					continue
				}
				if err := v.send(gctx, v.rnd, false); err != nil {
					return fmt.Errorf("sender: %w", err)
				}
				if err := v.stopEdition(gctx); err != nil {
					return fmt.Errorf("stop: %w", err)
				}
				if err := v.expire(gctx); err != nil {
					return fmt.Errorf("expire: %w", err)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	w.order = newsroom.order
	return w.settleParallel(ctx)
}

// preferTimes changes what cannot change which articles are wanted, so that
// the end tells exactly what must have come.
func (w *world) preferTimes(ctx context.Context) error {
	p := pair{w.letter(), w.reader()}
	var err error
	switch w.rnd.IntN(3) {
	case 0:
		_, err = w.exec(ctx, `UPDATE subscription SET cadence = $3, due_at = next_slot($3, zone, hour, $4) WHERE newsletter_id = $1 AND subscriber_id = $2`,
			p.letter, p.reader, w.cadence(), w.clock.Now())
	case 1:
		_, err = w.exec(ctx, `UPDATE subscription SET locale = $3 WHERE newsletter_id = $1 AND subscriber_id = $2`, p.letter, p.reader, w.oneOf("uk", "en"))
	default:
		_, err = w.exec(ctx, `UPDATE subscription SET paused_until = $3 WHERE newsletter_id = $1 AND subscriber_id = $2`,
			p.letter, p.reader, w.clock.Now().Add(time.Duration(w.rnd.IntN(8)-3)*time.Hour))
	}
	return err
}

func (w *world) fanOutOnly(ctx context.Context) error {
	w.svc.seam.page = func() error {
		if w.rnd.IntN(6) == 0 {
			return errRolledBack
		}
		return nil
	}
	_, err := w.svc.FanOut(ctx, w.letter())
	if errors.Is(err, errRolledBack) {
		return nil
	}
	return err
}

// settleParallel lets time run until rest and compares what came with what
// had to come: for each active reader every live article released since they
// joined that their topics want, once per story in the family.
func (w *world) settleParallel(ctx context.Context) error {
	if _, err := w.exec(ctx, `UPDATE edition SET state = 'open' WHERE newsletter_id = ANY ($1) AND state = 'paused'`, w.letters); err != nil {
		return err
	}
	for range 120 {
		if err := w.svc.cancelStopped(ctx, w.clock.Now()); err != nil {
			return err
		}
		for _, letter := range w.letters {
			if _, err := w.svc.FanOut(ctx, letter); err != nil {
				return err
			}
		}
		if err := w.send(ctx, w.rnd, true); err != nil {
			return err
		}
		var next *time.Time
		err := w.pool.QueryRow(ctx, `SELECT min(at) FROM (
			SELECT s.due_at FROM subscription s JOIN newsletter n ON n.id = s.newsletter_id
				WHERE n.id = ANY ($1) AND s.state = 'active' AND s.cadence <> 'instant' AND (s.seen_seq < n.last_seq
				OR EXISTS (SELECT FROM owed o WHERE o.newsletter_id = n.id AND o.subscriber_id = s.subscriber_id)) UNION ALL
			SELECT s.paused_until FROM subscription s WHERE newsletter_id = ANY ($1) AND state = 'active' UNION ALL
			SELECT o.due_at FROM owed o JOIN subscription s USING (newsletter_id, subscriber_id)
				WHERE newsletter_id = ANY ($1) AND s.state = 'active') AS x (at) WHERE at > $2`, w.letters, w.clock.Now()).Scan(&next)
		if err != nil {
			return err
		}
		if next == nil {
			break
		}
		w.clock.Set(*next)
	}
	type fault struct{ Reader, Story, Times int64 }
	twice, err := rowsOf[fault](ctx, w, `
		SELECT d.subscriber_id AS reader, a.story_id AS story, count(*) AS times
		FROM delivery d JOIN edition e ON e.id = d.edition_id JOIN newsletter n ON n.id = e.newsletter_id
		JOIN article a ON a.id = ANY (e.article_ids)
		WHERE d.newsletter_id = ANY ($1) AND e.kind <> 'correction' AND d.state NOT IN ('cancelled', 'skipped', 'failed')
		GROUP BY d.subscriber_id, n.family_id, a.story_id
		HAVING count(*) > 1 AND NOT bool_or(a.paired_by = 'hand') OR count(*) > count(DISTINCT a.id)`, w.letters)
	if err != nil {
		return err
	}
	if len(twice) > 0 {
		return fmt.Errorf("twice: %+v", twice)
	}
	lost, err := rowsOf[fault](ctx, w, `
		SELECT s.subscriber_id AS reader, a.id AS story, a.seq AS times
		FROM subscription s JOIN newsletter n ON n.id = s.newsletter_id JOIN article a ON a.newsletter_id = n.id
		WHERE n.id = ANY ($1) AND s.state = 'active' AND a.withdrawn_at IS NULL
		AND (s.topics IS NULL OR s.topics && a.topics)
		AND NOT EXISTS (
			SELECT FROM delivery d JOIN edition e ON e.id = d.edition_id JOIN article t ON t.id = ANY (e.article_ids)
			JOIN newsletter f ON f.id = e.newsletter_id
			WHERE d.subscriber_id = s.subscriber_id AND f.family_id = n.family_id AND t.story_id = a.story_id
			AND d.state IN ('sent', 'failed'))`, w.letters)
	if err != nil {
		return err
	}
	if len(lost) > 0 {
		var trail string
		err := w.pool.QueryRow(ctx, `SELECT jsonb_build_object('subscription', (SELECT jsonb_agg(to_jsonb(s)) FROM subscription s WHERE s.subscriber_id = $1),
			'article', (SELECT to_jsonb(a) FROM article a WHERE a.id = $2),
			'deliveries', (SELECT jsonb_agg(to_jsonb(d) || jsonb_build_object('edition', to_jsonb(e))) FROM delivery d JOIN edition e ON e.id = d.edition_id
				WHERE d.subscriber_id = $1 AND $2 = ANY (e.article_ids)))::text`, lost[0].Reader, lost[0].Story).Scan(&trail)
		return fmt.Errorf("lost: %+v: %s, %w", lost, trail, err)
	}
	return nil
}

// The sender settles an edition in the moment a late reader is added to it:
// the page waits, and then opens it again.
func TestSettlingWhileAPageIsMade(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.subscribe(2, 0, "instant")
	s.subscribe(2, 1, "instant")
	s.do(`UPDATE subscription SET paused_until = $2 WHERE subscriber_id = $1`, s.readers[1], s.clock.Now().Add(time.Minute))
	s.publish(2, 0)
	s.run(2)
	s.do(`UPDATE delivery SET state = 'sent' WHERE newsletter_id = $1`, s.letters[2])
	sender, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sender.Exec(t.Context(), `UPDATE edition SET state = 'settled' WHERE newsletter_id = $1`, s.letters[2]); err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(time.Hour)
	done := make(chan error, 1)
	go func() {
		_, err := s.svc.FanOut(t.Context(), s.letters[2])
		done <- err
	}()
	for s.count(`SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`) == 0 {
		runtime.Gosched()
	}
	if err := sender.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	s.want("queued", s.count(inState, s.letters[2], "queued"), 1)
	s.want("open editions", s.count(`SELECT count(*) FROM edition WHERE newsletter_id = $1 AND state = 'open'`, s.letters[2]), 1)
}
