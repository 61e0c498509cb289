package edition

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"vistka/internal/postgres/pgtest"
)

// histories is how many random histories a test plays; EDITION_HISTORIES
// multiplies it for a long search.
func histories(n int) int {
	if more, err := strconv.Atoi(os.Getenv("EDITION_HISTORIES")); err == nil && more > 0 {
		return n * more
	}
	return n
}

const acts = 70

// play is one history of random acts, each followed by the audit.
func play(ctx context.Context, w *world) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, strings.Join(w.log, "\n"))
		}
	}()
	for range 9 {
		if err := w.join(ctx); err != nil {
			return err
		}
	}
	for i := range acts {
		w.clock.Advance(time.Second)
		var err error
		switch x := w.rnd.IntN(100); {
		case x < 16:
			err = w.release(ctx)
		case x < 20:
			err = w.withdraw(ctx)
		case x < 26:
			err = w.join(ctx)
		case x < 31:
			err = w.leave(ctx)
		case x < 35:
			err = w.undo(ctx)
		case x < 46:
			err = w.prefer(ctx)
		case x < 55:
			w.clock.Advance([]time.Duration{time.Minute, time.Hour, 5 * time.Hour, 13 * time.Hour, 30 * time.Hour, 24 * 9 * time.Hour}[w.rnd.IntN(6)])
		case x < 78:
			err = w.fanOut(ctx, w.letter(), w.rnd.IntN(2) == 0)
		case x < 81:
			err = w.expire(ctx)
		case x < 84:
			err = w.mailAgain(ctx)
		case x < 87:
			err = w.correct(ctx)
		case x < 90:
			err = w.pairUp(ctx)
		case x < 96:
			err = w.send(ctx, w.rnd, false)
			w.note("send")
		default:
			err = w.stopEdition(ctx)
		}
		if err == nil {
			err = w.audit(ctx, 0)
		}
		if err != nil {
			return fmt.Errorf("act %d: %w", i, err)
		}
	}
	return w.drain(ctx)
}

func TestHistories(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	expired := 0
	for seed := range uint64(histories(20)) {
		w, err := newWorld(t.Context(), pool, seed)
		if err != nil {
			t.Fatal(err)
		}
		if err := play(t.Context(), w); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		expired += w.expired
	}
	if expired == 0 {
		t.Error("no edition expired in any history")
	}
}

// TestMutants breaks the model in the ways it must not be broken and asserts
// that the histories notice each.
func TestMutants(t *testing.T) {
	t.Parallel()
	replace := func(old, with string) func(*Service) {
		return func(s *Service) {
			s.seam.rewrite = func(q string) string { return strings.Replace(q, old, with, 1) }
		}
	}
	replaceAll := func(old, with string) func(*Service) {
		return func(s *Service) {
			s.seam.rewrite = func(q string) string { return strings.ReplaceAll(q, old, with) }
		}
	}
	for _, m := range []struct {
		name   string
		seed   uint64 // where to begin: the first known to notice
		mutate func(*Service)
	}{
		{"only the one article", 0, func(s *Service) {
			s.seam.choose = func(a []article) []article { return a[max(0, len(a)-1):] }
		}},
		{"a queued sibling counts as had", 174, func(s *Service) {
			s.seam.had = func(state string) bool { return state == "queued" }
		}},
		{"cancel without owed", 0, replace("FROM gone g\n    CROSS JOIN", "FROM (SELECT * FROM gone WHERE false) g\n    CROSS JOIN")},
		{"withdrawn without owed for the rest", 15, replace("(@corrected OR a.id <> @article)", "false")},
		{"marks not moved for excluded topics", 4, replace("AND s.seen_seq = c.seen_seq", "AND s.seen_seq = c.seen_seq AND c.edition_id IS NOT NULL")},
		{"marks not moved at all", 0, replace("SET seen_seq = greatest(s.seen_seq, @head), due_at", "SET due_at")},
		{"marks moved without equality of class", 337, replace("AND s.seen_seq = c.seen_seq", "")},
		{"siblings taken for strangers", 0, replaceAll("x.newsletter_id = ANY (@siblings::bigint[])", "false")},
		{"a correction leaves the wrong text queued", 125, replace("(NOT @corrected OR EXISTS", "(NOT @corrected AND EXISTS")},
		{"taken apart without owed", 3, replace("AND s.seen_seq >= a.seq\n    AND s.created_at", "AND false AND s.created_at")},
		{"mailed again to nobody", 0, replace("SELECT newsletter_id, subscriber_id, @article, @now, 'mailed again'\n    FROM wanting", "SELECT newsletter_id, subscriber_id, @article, @now, 'mailed again'\n    FROM wanting WHERE false")},
		{"paused readers mailed", 0, replaceAll("AND (s.paused_until IS NULL OR s.paused_until <= @now)", "")},
	} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			for seed := m.seed; seed < m.seed+uint64(histories(150)); seed++ {
				w, err := newWorld(t.Context(), pool, seed)
				if err != nil {
					t.Fatal(err)
				}
				m.mutate(w.svc)
				if err := play(t.Context(), w); err != nil {
					line, _, _ := strings.Cut(err.Error(), "\n")
					t.Logf("caught at seed %d: %s", seed, line)
					return
				}
			}
			t.Error("no history noticed")
		})
	}
}
