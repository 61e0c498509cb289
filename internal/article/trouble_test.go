package article

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestGapIsNoticed(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1), news(2), news(3))
	f.Clock.Advance(24 * time.Hour)
	res := f.poll(news(14), news(13), news(12))
	if !res.Gap || res.New != 3 {
		t.Fatalf("poll is %+v, want a gap and 3 new", res)
	}
	feeds, err := ListFeeds(f.ctx, f.pool, f.newsletter)
	f.must(err)
	if !strings.Contains(f.say(*feeds[0].Warning), "unseen") {
		t.Errorf("warning is %+v", feeds[0].Warning)
	}
	if res := f.poll(news(15), news(14), news(13)); res.Gap {
		t.Error("an overlap was called a gap")
	}
}

func TestTroubleKeepsEverything(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1), news(2))
	whole := f.rss()
	var told []FeedTrouble
	f.OnFeedTrouble = func(_ context.Context, _ pgx.Tx, t FeedTrouble) { told = append(told, t) }
	for _, row := range []struct {
		name, body, words string
		status            int
	}{
		{"down", "no", "fault of its own", 500},
		{"missing", "no", "404", 404},
		{"page", "<!doctype html><title>Maintenance</title><p>Back soon", "web page", 0},
		{"blank", "  \n", "empty", 0},
		{"cut short", whole[:len(whole)*2/3], "cut short", 0},
		{"bomb", `<rss>` + strings.Repeat("<a>", 5000), "nested", 0},
		{"refused", "no", "refuses", 403},
	} {
		before := f.feed()
		f.serve(row.status, row.body)
		res := f.pollAgain()
		if !strings.Contains(f.say(*res.Problem), row.words) {
			t.Errorf("%s: problem is %q, want something with %q", row.name, f.say(*res.Problem), row.words)
		}
		after := f.feed()
		if after.Failures != before.Failures+1 || f.say(*after.Problem) != f.say(*res.Problem) || after.Entries != 2 {
			t.Errorf("%s: feed is %+v", row.name, after)
		}
		if wait := after.NextPollAt.Sub(f.Clock.Now()); wait > backOffMax*11/10 || wait < quickest*9/10 {
			t.Errorf("%s: next poll in %s", row.name, wait)
		}
		f.want("Story 1: baseline", "Story 2: baseline")
	}
	if len(told) != 1 || told[0].FeedID != f.feedID || told[0].NewsletterID != f.newsletter || told[0].Name == "" || told[0].Gone ||
		told[0].Problem == nil || told[0].Problem.Key != "feed.problem.web_page" {
		t.Errorf("told %+v, want it at the third failure alone", told)
	}
	f.poll() // an empty feed deletes nothing
	f.want("Story 1: baseline", "Story 2: baseline")
	f.poll(news(1), news(2), news(3))
	f.want("Story 1: baseline", "Story 2: baseline", "Story 3: released")
	if got := f.feed(); got.Failures != 0 || got.Problem != nil {
		t.Errorf("after a good poll: %+v", got)
	}
}

func (f *fixture) feed() FeedRow {
	f.t.Helper()
	feeds, err := ListFeeds(f.ctx, f.pool, f.newsletter)
	f.must(err)
	i := slices.IndexFunc(feeds, func(r FeedRow) bool { return r.ID == f.feedID })
	return feeds[i]
}

func TestGoneStopsPolling(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1))
	var told []FeedTrouble
	f.OnFeedTrouble = func(_ context.Context, _ pgx.Tx, t FeedTrouble) { told = append(told, t) }
	f.serve(http.StatusGone, "bye")
	f.pollAgain()
	if len(told) != 1 || !told[0].Gone {
		t.Errorf("told %+v", told)
	}
	if got := f.feed(); got.State != "gone" {
		t.Fatalf("state is %s", got.State)
	}
	asked := f.asked
	f.Clock.Advance(48 * time.Hour)
	f.must(f.Tick(f.ctx))
	if f.asked != asked {
		t.Error("a feed that is gone was asked")
	}
	f.show(news(2), news(1))
	f.must(f.ResumeFeed(f.ctx, f.feedID))
	f.must(f.Tick(f.ctx))
	f.want("Story 1: baseline", "Story 2: released")
}
