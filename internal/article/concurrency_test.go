package article

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/feed"
)

// together runs f n times at once and fails on the first error.
func together(t *testing.T, n int, f func(i int) error) {
	t.Helper()
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestProcessesPollingAtOnceMakeOneArticle(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	var mu sync.Mutex
	calls := map[int64]int{}
	f.OnRelease = func(_ context.Context, _ pgx.Tx, _, articleID, seq int64) error {
		mu.Lock()
		defer mu.Unlock()
		calls[articleID]++
		return nil
	}
	f.add(news(1))
	second := f.addNewsletter("second", 0)
	if _, err := f.AddFeed(f.ctx, second, f.URL+"/feed"); err != nil {
		t.Fatal(err)
	}
	other, err := f.AddFeed(f.ctx, f.newsletter, f.URL+"/feed2")
	f.must(err)
	f.Clock.Advance(time.Second)
	f.show(news(4), news(3), news(2), news(1))
	together(t, 8, func(i int) error {
		id := f.feedID
		if i%2 == 1 {
			id = other.FeedID
		}
		_, err := f.PollNow(f.ctx, id)
		return err
	})
	for _, n := range []int64{f.newsletter, second} {
		rows, _, err := List(f.ctx, f.pool, Filter{NewsletterID: n, State: Released})
		f.must(err)
		seen := map[int64]bool{}
		for _, r := range rows {
			seen[*r.Seq] = true
			if calls[r.ID] != 1 {
				t.Errorf("newsletter %d: the hook was called %d times for %q", n, calls[r.ID], r.Title)
			}
		}
		if len(rows) != 3 || !seen[1] || !seen[2] || !seen[3] {
			t.Errorf("newsletter %d: %d released, seqs %v", n, len(rows), seen)
		}
	}
}

func TestReleasesAtOnceAreGaplessAndRiseWithTime(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	var all []item
	for i := range 12 {
		all = append(all, news(i))
	}
	f.add(all...)
	rows, _, err := List(f.ctx, f.pool, Filter{})
	f.must(err)
	together(t, len(rows)*2, func(i int) error {
		err := f.Release(f.ctx, rows[i%len(rows)].ID, 0, "")
		if errors.Is(err, ErrState) {
			return nil
		}
		return err
	})
	var n, top, falls int
	f.must(f.pool.QueryRow(f.ctx, `
SELECT count(*), max(seq), count(*) FILTER (WHERE released_at < before)
FROM (SELECT seq, released_at, lag(released_at) OVER (ORDER BY seq) AS before FROM article WHERE seq IS NOT NULL) AS r`).Scan(&n, &top, &falls))
	if n != 12 || top != 12 || falls != 0 {
		t.Errorf("%d released up to seq %d, %d times out of order", n, top, falls)
	}
}

func TestFailingHookReleasesNothing(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1))
	broken := errors.New("no")
	f.OnRelease = func(context.Context, pgx.Tx, int64, int64, int64) error { return broken }
	f.show(news(2), news(1))
	if _, err := f.PollNow(f.ctx, f.feedID); !errors.Is(err, broken) {
		t.Fatalf("error is %v", err)
	}
	f.want("Story 1: baseline", "Story 2: waiting")
	f.OnRelease = nil
	f.Clock.Advance(checkLease + time.Second)
	_, err := f.ReleaseDue(f.ctx)
	f.must(err)
	if a := f.article("Story 2"); a.State != Released || *a.Seq != 1 {
		t.Errorf("after the lease it is %s with seq %v", a.State, a.Seq)
	}
}

func TestTwoFeedsOfANewsletterRecordOneAfterTheOther(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1))
	other, err := f.AddFeed(f.ctx, f.newsletter, f.URL+"/feed2")
	f.must(err)
	f.Clock.Advance(time.Second)
	f.show(news(2), news(1))
	tx, err := f.pool.Begin(f.ctx) // another process is recording
	f.must(err)
	_, err = tx.Exec(f.ctx, sqlLockNewsletter, pgx.StrictNamedArgs{"newsletter_id": f.newsletter})
	f.must(err)
	done := make(chan error, 1)
	go func() {
		_, err := f.Poll(f.ctx, other.FeedID)
		done <- err
	}()
	for waiting := false; !waiting; {
		select {
		case err := <-done:
			t.Fatalf("the poll did not wait: %v", err)
		default:
		}
		f.must(f.pool.QueryRow(f.ctx, `
SELECT EXISTS (SELECT FROM pg_locks
               WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`).Scan(&waiting))
	}
	f.want("Story 1: baseline")
	f.must(tx.Rollback(f.ctx))
	f.must(<-done)
	f.want("Story 1: baseline", "Story 2: waiting")
}

// overtaken is a web whose answer is on the way while something else happens.
type overtaken struct {
	*script
	meanwhile func()
}

func (o *overtaken) Fetch(ctx context.Context, r feed.Request) (feed.Response, error) {
	resp, err := o.script.Fetch(ctx, r)
	if do := o.meanwhile; do != nil {
		o.meanwhile = nil
		do()
	}
	return resp, err
}

func TestAnOlderDocumentDoesNotUndoANewerOne(t *testing.T) {
	t.Parallel()
	f := setUp(t, grace)
	f.add(news(1))
	draft, final := news(2), news(2)
	draft.title, final.title = "Draft", "Final"
	web := &script{body: rss(f.URL, []item{draft, news(1)})}
	slow, quick := *f.Service, *f.Service
	quick.Fetcher = web
	slow.Fetcher = &overtaken{script: web, meanwhile: func() {
		f.Clock.Advance(time.Second)
		web.body = rss(f.URL, []item{final, news(1)})
		_, err := quick.Poll(f.ctx, f.feedID)
		f.must(err)
	}}
	_, err := slow.Poll(f.ctx, f.feedID)
	f.must(err)
	f.want("Story 1: baseline", "Final: waiting")
	if n := len(f.article("Final").Events); n != 1 {
		t.Errorf("%d events, want only that it is new", n)
	}
}
