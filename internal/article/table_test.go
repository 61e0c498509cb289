package article

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

const grace = 10 * time.Minute

// The rows of the feed table of the product, one test each.

func TestFirstPollIsBaseline(t *testing.T) {
	t.Parallel()
	for _, n := range []int{10, 500} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			f := setUp(t, 0)
			var all []item
			for i := range n {
				all = append(all, news(i))
			}
			f.add(all...)
			counts, err := Counts(f.ctx, f.pool, f.newsletter)
			f.must(err)
			if counts[Baseline] != int64(n) || len(counts) != 1 {
				t.Fatalf("counts are %v, want %d in the baseline", counts, n)
			}
			offer, err := NewestKnown(f.ctx, f.pool, f.newsletter, f.feedID)
			f.must(err)
			f.must(f.Release(f.ctx, offer.ID, 0, ""))
			if again, err := NewestKnown(f.ctx, f.pool, f.newsletter, f.feedID); !errors.Is(err, ErrNotFound) {
				t.Errorf("another is offered once the newest is mailed: %s, %v", again.Title, err)
			}
			a, err := Get(f.ctx, f.pool, offer.ID)
			f.must(err)
			if a.State != Released || *a.Seq != 1 || a.Title != news(n-1).title {
				t.Errorf("the newest is %s with seq %v: %s", a.State, a.Seq, a.Title)
			}
		})
	}
}

func TestNewEntryIsReleasedAfterGraceOnceItsPageIsLive(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		status int
		live   bool
	}{{200, true}, {401, true}, {403, true}, {429, true}, {404, false}, {410, false}, {500, false}, {503, false}} {
		t.Run(fmt.Sprint(row.status), func(t *testing.T) {
			t.Parallel()
			f := setUp(t, grace)
			f.add(news(1))
			f.page("/news/2", row.status)
			f.poll(news(2), news(1))
			f.want("Story 1: baseline", "Story 2: waiting")
			f.wantReason("Story 2", "10 minutes")
			if f.pageHits != 0 {
				t.Error("the page was asked before the grace time was over")
			}
			f.Clock.Advance(grace)
			f.pollAgain()
			if !row.live {
				f.want("Story 1: baseline", "Story 2: waiting")
				f.wantReason("Story 2", fmt.Sprint(row.status))
				f.page("/news/2", 200)
				f.Clock.Advance(time.Hour)
				f.pollAgain()
			}
			f.want("Story 1: baseline", "Story 2: released")
			f.wantEvent("Story 2", "Its time had come")
		})
	}
}

func TestTextEdited(t *testing.T) {
	t.Parallel()
	f := setUp(t, grace)
	f.add(news(1))
	f.poll(news(2), news(1))
	edited := news(2)
	edited.title, edited.text = "Story 2, corrected", "Better."
	f.poll(edited, news(1))
	f.want("Story 1: baseline", "Story 2, corrected: waiting")
	f.wantEvent("Story 2, corrected", "changed the title")
	if a := f.article("Story 2, corrected"); a.Summary != "Better." {
		t.Errorf("summary is %q", a.Summary)
	}
	f.Clock.Advance(grace)
	f.pollAgain()
	again := edited
	again.title = "Story 2, corrected twice"
	f.poll(again, news(1))
	f.want("Story 1: baseline", "Story 2, corrected twice: released")
	f.wantEvent("Story 2, corrected twice", "after the release")
}

func TestNewerDateOfTheSameGUIDDoesNothing(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1))
	f.poll(news(2), news(1))
	f.want("Story 1: baseline", "Story 2: released")
	for i := range 40 {
		bumped := news(2)
		bumped.at = start.Add(time.Duration(i+1) * time.Minute)
		if res := f.poll(bumped, news(1)); res.New+res.Held != 0 {
			t.Fatalf("a newer date made %+v", res)
		}
	}
	f.want("Story 1: baseline", "Story 2: released")
	if n := len(f.article("Story 2").Keys); n != 2+25 {
		t.Errorf("it has %d keys, want guid, address and no more than 25 fingerprints", n)
	}
}

func TestGUIDChangedAtTheSameAddress(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	one := news(1)
	one.link = "http://www.example.org/news/1/?utm_source=rss"
	f.add(one)
	for _, link := range []string{"https://www.example.org/news/1/", "https://example.org/news/1", "HTTP://Example.org:80/news/1?utm_medium=x#top"} {
		changed := one
		changed.guid, changed.link = "new id "+link, link
		if res := f.poll(changed); res.Known != 1 || res.New+res.Held != 0 {
			t.Errorf("%s: %+v", link, res)
		}
	}
	f.want("Story 1: baseline")
	f.wantEvent("Story 1", "another id")
}

func TestAllIdsAndAddressesChangeAtOnce(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	var before, after []item
	for i := range 8 {
		before = append(before, news(i))
		moved := news(i)
		moved.guid, moved.link, moved.title = "x"+moved.guid, "/moved"+moved.link, moved.title+" (moved)"
		moved.at = moved.at.Add(time.Second)
		after = append(after, moved)
	}
	f.add(before...)
	res := f.poll(after...)
	if res.Held != 8 || res.New != 0 {
		t.Fatalf("poll is %+v, want 8 held", res)
	}
	f.wantReason("Story 3 (moved)", "8 new articles appeared at once")
	n, err := f.BaselineHeld(f.ctx, f.newsletter, 0, "")
	f.must(err)
	if n != 8 {
		t.Errorf("%d counted as known, want 8", n)
	}
	res = f.poll(after...)
	if res.Held+res.New != 0 {
		t.Errorf("the next poll made %+v", res)
	}
}

func TestOneClickReleasesABurst(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(0))
	var all []item
	for i := 6; i >= 0; i-- {
		all = append(all, news(i))
	}
	if res := f.poll(all...); res.Held != 6 {
		t.Fatalf("poll is %+v", res)
	}
	n, err := f.ReleaseHeld(f.ctx, f.newsletter, 0, "It was a long night.")
	f.must(err)
	if n != 6 {
		t.Fatalf("%d released, want 6", n)
	}
	for i := 1; i <= 6; i++ {
		if a := f.article(news(i).title); *a.Seq != int64(i) || f.say(a.Reason) != "It was a long night." {
			t.Errorf("story %d has seq %d: %s", i, *a.Seq, f.say(a.Reason))
		}
	}
}

func TestFiveAtOnceAreNoBurstAndComeInOrder(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(0))
	f.poll(news(5), news(3), news(4), news(1), news(2), news(0))
	for i := 1; i <= 5; i++ {
		if a := f.article(news(i).title); a.Seq == nil || *a.Seq != int64(i) {
			t.Errorf("story %d is %s with seq %v", i, a.State, a.Seq)
		}
	}
}

func TestOldDate(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1))
	old, backdated := news(2), news(3)
	old.at, backdated.at = start.Add(-31*24*time.Hour), start.Add(-29*24*time.Hour)
	f.poll(old, backdated, news(1))
	if a := f.article("Story 2"); a.State != Held {
		t.Errorf("31 days old: %s", a.State)
	}
	if a := f.article("Story 3"); a.State != Released {
		t.Errorf("29 days old: %s", a.State)
	}
	f.wantReason("Story 2", "dated 30 January 2026")
}

func TestNoGUID(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	bare := func(n int) item { i := news(n); i.guid = ""; return i }
	nothing := item{title: "Only a title", at: start}
	f.add(bare(1))
	f.poll(bare(2), bare(1))
	f.poll(bare(3), bare(2), bare(1), nothing)
	f.poll(nothing, bare(3), bare(1), bare(2))
	f.poll(bare(3), bare(2), bare(1), nothing)
	counts, err := Counts(f.ctx, f.pool, f.newsletter)
	f.must(err)
	if counts[Released] != 3 || counts[Baseline] != 1 {
		t.Errorf("counts are %v:\n%s", counts, f.states())
	}
}

func TestGUIDReused(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1))
	other := news(2)
	other.guid = news(1).guid
	f.poll(other)
	f.want("Story 1: baseline", "Story 2: held")
	f.wantReason("Story 2", "Is it a new article under an old id?")
	f.poll(other, news(1))
	f.want("Story 1: baseline", "Story 2: held")
}

func TestAddressSharedIsNoKey(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	at := func(n int, link string) item { i := news(n); i.link = link; return i }
	f.add(at(1, "/live"), at(2, "/live"), at(3, "/"))
	f.poll(at(5, "/live"), at(4, "/"), at(1, "/live"), at(2, "/live"), at(3, "/"))
	f.want("Story 1: baseline", "Story 2: baseline", "Story 3: baseline", "Story 4: released", "Story 5: released")
	for _, k := range f.article("Story 5").Keys {
		if k.Kind == "address" {
			t.Errorf("the shared address became a key: %v", k)
		}
	}
}

func TestAddressShownTwiceIsOneArticleWhenTitleAndTimeAgree(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1))
	double := news(2)
	double.guid = "another"
	f.poll(news(2), double, news(2), news(1))
	f.want("Story 1: baseline", "Story 2: released")
	f.poll(double, news(1))
	f.want("Story 1: baseline", "Story 2: released")
}

func TestEntryThatMatchesTwoArticles(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1), news(2))
	mixed := news(1)
	mixed.guid = news(2).guid
	f.poll(mixed)
	f.poll(mixed)
	f.want("Story 1: baseline", "Story 2: baseline")
	f.wantEvent("Story 1", "the address decides")
}

func TestReorderedDroppedAndBack(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1), news(2), news(3))
	f.poll(news(4), news(2), news(1), news(3))
	f.poll(news(3))
	f.poll(news(1), news(2), news(4), news(3))
	f.want("Story 1: baseline", "Story 2: baseline", "Story 3: baseline", "Story 4: released")
}

func TestDatedInTheFuture(t *testing.T) {
	t.Parallel()
	f := setUp(t, grace)
	f.add(news(1))
	later := news(2)
	later.at = start.Add(5 * time.Hour)
	f.poll(later, news(1))
	f.wantReason("Story 2", "dated in the future")
	f.Clock.Set(start.Add(5*time.Hour - time.Second))
	f.due(t, Waiting)
	f.Clock.Set(start.Add(5*time.Hour + time.Second))
	f.due(t, Released)
}

func (f *fixture) due(t *testing.T, want State) {
	t.Helper()
	_, err := f.ReleaseDue(f.ctx)
	f.must(err)
	if a := f.article("Story 2"); a.State != want {
		t.Fatalf("at %s it is %s, want %s: %s", f.Clock.Now(), a.State, want, f.say(a.Reason))
	}
}

func TestFutureDateCorrected(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1))
	typo := news(2)
	typo.at = start.AddDate(10, 0, 0)
	f.poll(typo, news(1))
	f.want("Story 1: baseline", "Story 2: waiting")
	f.poll(news(2), news(1))
	f.want("Story 1: baseline", "Story 2: released")
}

func TestPageThatNeverComesIsDropped(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1))
	f.page("/news/2", 404)
	f.poll(news(2), news(1))
	for range 80 {
		f.Clock.Advance(time.Hour)
		_, err := f.ReleaseDue(f.ctx)
		f.must(err)
	}
	f.want("Story 1: baseline", "Story 2: dropped")
	f.wantEvent("Story 2", "Its page cannot be read yet")
	f.page("/news/2", 200)
	f.poll(news(2), news(1))
	f.want("Story 1: baseline", "Story 2: dropped")
	f.must(f.Release(f.ctx, f.article("Story 2").ID, 0, ""))
	f.want("Story 1: baseline", "Story 2: released")
}

func TestReleasedPageGoneBeforeItsDigest(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	f.add(news(1))
	f.poll(news(2), news(1))
	id := f.article("Story 2").ID
	for _, row := range []struct {
		status int
		want   bool
	}{{200, false}, {500, false}, {404, true}} {
		f.page("/news/2", row.status)
		got, err := f.DropIfGone(f.ctx, id)
		f.must(err)
		if got != row.want {
			t.Errorf("%d: withdrawn is %v", row.status, got)
		}
	}
	f.want("Story 1: baseline", "Story 2: withdrawn")
}
