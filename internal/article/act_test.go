package article

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"vistka/internal/feed"
)

func TestEditorsActs(t *testing.T) {
	t.Parallel()
	type act func(*Service, context.Context, int64) error
	hold := act(func(s *Service, c context.Context, id int64) error { return s.Hold(c, id, 7, "Wait for the lawyer.") })
	never := act(func(s *Service, c context.Context, id int64) error { return s.Never(c, id, 0, "") })
	release := act(func(s *Service, c context.Context, id int64) error { return s.Release(c, id, 0, "") })
	withdraw := act(func(s *Service, c context.Context, id int64) error { return s.Withdraw(c, id, 0, "") })
	for _, row := range []struct {
		name string
		acts []act
		want State
		err  error // of the last act
	}{
		{"hold", []act{hold}, Held, nil},
		{"hold twice", []act{hold, hold}, Held, ErrState},
		{"hold, release", []act{hold, release}, Released, nil},
		{"hold, never, release", []act{hold, never, release}, Released, nil},
		{"release twice", []act{release, release}, Released, ErrState},
		{"release, never", []act{release, never}, Released, ErrState},
		{"release, hold", []act{release, hold}, Released, ErrState},
		{"withdraw too early", []act{withdraw}, Waiting, ErrState},
		{"release, withdraw", []act{release, withdraw}, Withdrawn, nil},
		{"release, withdraw, release", []act{release, withdraw, release}, Released, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := setUp(t, time.Hour)
			restored := int64(0)
			f.OnRestore = func(_ context.Context, _ pgx.Tx, _, _, seq int64) error { restored = seq; return nil }
			f.add(news(1))
			f.poll(news(2), news(1))
			id := f.article("Story 2").ID
			var err error
			for i, a := range row.acts {
				if err = a(f.Service, f.ctx, id); err != nil && i < len(row.acts)-1 {
					t.Fatal(err)
				}
			}
			if !errors.Is(err, row.err) {
				t.Errorf("error is %v, want %v", err, row.err)
			}
			a := f.article("Story 2")
			if a.State != row.want {
				t.Errorf("state is %s, want %s", a.State, row.want)
			}
			if last := a.Events[len(a.Events)-1]; last.State != a.State || f.say(last.Reason) != f.say(a.Reason) {
				t.Errorf("the last event is %+v, the article says %s: %s", last, a.State, f.say(a.Reason))
			}
			if (a.WithdrawnAt != nil) != (a.State == Withdrawn) {
				t.Errorf("withdrawn at %v in state %s", a.WithdrawnAt, a.State)
			}
			if row.name == "release, withdraw, release" && (restored != 1 || *a.Seq != 1) {
				t.Errorf("restored seq %d, article has %d", restored, *a.Seq)
			}
			if row.name == "hold" && (f.say(a.Reason) != "Wait for the lawyer." || *a.Events[len(a.Events)-1].AccountID != 7) {
				t.Errorf("reason %q by %v", f.say(a.Reason), a.Events)
			}
		})
	}
}

func TestReleaseAsksThePage(t *testing.T) {
	t.Parallel()
	f := setUp(t, time.Hour)
	f.add(news(1))
	f.page("/news/1", 404)
	if err := f.CheckRelease(f.ctx, f.article("Story 1").ID); !errors.Is(err, ErrNotLive) {
		t.Errorf("error is %v", err)
	}
	f.page("/news/1", 200)
	f.must(f.CheckRelease(f.ctx, f.article("Story 1").ID))
}

func TestListPages(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	var all []item
	for i := range 25 {
		all = append(all, news(i))
	}
	f.add(all...)
	f.poll(append([]item{news(30)}, all...)...)
	var seen []string
	cursor := ""
	for {
		rows, next, err := List(f.ctx, f.pool, Filter{NewsletterID: f.newsletter, Limit: 10, Cursor: cursor})
		f.must(err)
		for _, r := range rows {
			seen = append(seen, r.Title)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if len(seen) != 26 || seen[0] != "Story 30" || seen[25] != "Story 0" {
		t.Errorf("%d listed: %v", len(seen), seen)
	}
	for _, bad := range []string{"x", "!!", "YQ", "LjE"} {
		if _, _, err := List(f.ctx, f.pool, Filter{Cursor: bad}); !errors.Is(err, ErrCursor) {
			t.Errorf("cursor %q: %v", bad, err)
		}
	}
	rows, _, err := List(f.ctx, f.pool, Filter{Search: "NEWS/7"})
	f.must(err)
	if len(rows) != 1 || rows[0].Title != "Story 7" {
		t.Errorf("search found %v", rows)
	}
	if _, err := Get(f.ctx, f.pool, 999999); !errors.Is(err, ErrNotFound) {
		t.Errorf("error is %v", err)
	}
}

func TestAddFeedOfAPageAndTwice(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.show(news(1))
	first, err := f.AddFeed(f.ctx, f.newsletter, f.URL+"/feed")
	f.must(err)
	f.Clock.Advance(time.Second)
	again, err := f.AddFeed(f.ctx, f.newsletter, f.URL+"/feed")
	f.must(err)
	if first.FeedID != again.FeedID || first.Already || !again.Already || again.Poll.Known != 1 || again.Poll.Baseline != 0 || first.Title != "The Example" {
		t.Errorf("first %+v, again %+v", first, again)
	}
	if _, err := f.AddFeed(f.ctx, f.newsletter, f.URL+"/some-page"); feed.KindOf(err) == "" {
		t.Errorf("a page without a feed: %v", err)
	}
	feeds, err := ListFeeds(f.ctx, f.pool, 0)
	f.must(err)
	if len(feeds) != 1 {
		t.Errorf("%d feeds", len(feeds))
	}
	f.must(f.RemoveFeed(f.ctx, f.newsletter, first.FeedID))
	if err := f.RemoveFeed(f.ctx, f.newsletter, first.FeedID); !errors.Is(err, ErrNotFound) {
		t.Errorf("error is %v", err)
	}
	f.add(news(2), news(1)) // added again: what is there now is known
	f.want("Story 1: baseline", "Story 2: baseline")
}

func TestSecondNewsletterGetsABaselineOfItsOwn(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1))
	second := f.addNewsletter("second", 0)
	_, err := f.pool.Exec(f.ctx, "INSERT INTO newsletter_feed (newsletter_id, feed_id) VALUES ($1, $2)", second, f.feedID)
	f.must(err)
	if res := f.poll(news(1)); res.NotModified || res.Baseline != 1 {
		t.Errorf("poll is %+v: the document was not read whole", res)
	}
	if res := f.poll(news(1)); !res.NotModified {
		t.Errorf("poll is %+v, want not modified", res)
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1))
	f.must(f.SetFilters(f.ctx, f.newsletter, f.feedID, Filters{Topics: []string{"research"}, WithoutTopics: []string{"Adverts"}}))
	in, out, other := news(2), news(3), news(4)
	in.topics, out.topics, other.topics = []string{"Research"}, []string{"Research", "adverts"}, []string{"Sport"}
	f.poll(other, out, in, news(1))
	f.want("Story 1: baseline", "Story 2: released", "Story 3: never", "Story 4: never")
	f.wantReason("Story 3", "“adverts” is left out")
}

func TestCheckFeedWritesNothing(t *testing.T) {
	t.Parallel()
	f := setUp(t, grace)
	f.add(news(1))
	bare := news(2)
	bare.guid = ""
	f.show(bare, news(1))
	check, err := f.CheckFeed(f.ctx, f.newsletter, f.URL+"/feed")
	f.must(err)
	if len(check.Verdicts) != 2 || !check.Verdicts[0].Known || check.Verdicts[1].State != Waiting || len(check.Remarks) != 2 {
		t.Errorf("check is %+v", check)
	}
	for _, v := range check.Verdicts {
		f.say(v.Reason)
	}
	for _, remark := range check.Remarks {
		f.say(remark)
	}
	f.want("Story 1: baseline")
	alone, err := f.CheckFeed(f.ctx, 0, f.URL+"/feed")
	f.must(err)
	if alone.Verdicts[1].State != Baseline {
		t.Errorf("alone it is %+v", alone.Verdicts[1])
	}
}

func TestPermanentMoveIsFollowedAfterSeveralSightings(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1))
	f.moved = f.URL + "/new-feed"
	for i := range moveAfter {
		if got := f.feed().URL; got != f.URL+"/feed" {
			t.Fatalf("after %d sightings the address is %s", i, got)
		}
		f.pollAgain()
	}
	if got := f.feed().URL; got != f.moved {
		t.Errorf("the address is %s", got)
	}
}

// recorder keeps the jobs that were inserted.
type recorder struct{ jobs []river.JobArgs }

func (r *recorder) InsertTx(_ context.Context, _ pgx.Tx, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	r.jobs = append(r.jobs, args)
	if opts.ScheduledAt.IsZero() {
		return nil, errors.New("no time")
	}
	return &rivertype.JobInsertResult{}, nil
}

func TestAWaitingArticleHasAJobForItsTime(t *testing.T) {
	t.Parallel()
	f := setUp(t, grace)
	jobs := &recorder{}
	f.Jobs = jobs
	f.add(news(1))
	f.poll(news(2), news(1))
	id := f.article("Story 2").ID
	if len(jobs.jobs) != 1 || jobs.jobs[0] != (ReleaseArgs{ArticleID: id}) {
		t.Fatalf("jobs are %v", jobs.jobs)
	}
	w := &releaseWorker{s: f.Service}
	job := &river.Job[ReleaseArgs]{Args: ReleaseArgs{ArticleID: id}}
	f.must(w.Work(f.ctx, job)) // too early
	f.want("Story 1: baseline", "Story 2: waiting")
	f.Clock.Advance(grace)
	f.must(w.Work(f.ctx, job))
	f.must(w.Work(f.ctx, job))
	f.want("Story 1: baseline", "Story 2: released")
}
