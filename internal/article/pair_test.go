package article

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// family is two newsletters that translate each other, each with its own feed.
type family struct {
	*fixture
	uk, en         int64 // newsletters
	ukFeed, enFeed int64
	owed           []int64 // articles that OnUnpair was told of
}

func newFamily(t *testing.T, grace time.Duration) *family {
	t.Helper()
	f := &family{fixture: setUp(t, grace)}
	f.uk, f.en = f.newsletter, f.addNewsletter("news-en", grace)
	_, err := f.pool.Exec(f.ctx, `UPDATE newsletter SET family_id = (SELECT family_id FROM newsletter WHERE id = $1)`, f.uk)
	f.must(err)
	f.OnUnpair = func(_ context.Context, _ pgx.Tx, _, id, _ int64) error {
		f.owed = append(f.owed, id)
		return nil
	}
	f.show(news(1))
	uk, err := f.AddFeed(f.ctx, f.uk, f.URL+"/feed")
	f.must(err)
	f.show(english(1))
	en, err := f.AddFeed(f.ctx, f.en, f.URL+"/feed2")
	f.must(err)
	f.ukFeed, f.enFeed = uk.FeedID, en.FeedID
	f.Clock.Advance(time.Hour)
	return f
}

// english is the n-th article of the lab in the other language: nothing in it
// says whose translation it is.
func english(n int) item {
	i := news(n)
	i.guid, i.link, i.title, i.text = "en-"+i.guid, "/en"+i.link, "English "+i.title, "English "+i.text
	i.at = i.at.Add(-3 * time.Hour)
	return i
}

// publish polls a feed that shows the items beside the first.
func (f *family) publish(feedID int64, items ...item) {
	f.t.Helper()
	f.show(items...)
	f.Clock.Advance(time.Second)
	_, err := f.PollNow(f.ctx, feedID)
	f.must(err)
}

func (f *family) wantPaired(paired bool, by string) {
	f.t.Helper()
	uk, en := f.article("Story 2"), f.article("English Story 2")
	if (uk.StoryID == en.StoryID) != paired || en.PairedBy != by {
		f.t.Errorf("stories %d and %d, paired by %q, want paired %t by %q", uk.StoryID, en.StoryID, en.PairedBy, paired, by)
	}
	others, err := Translations(f.ctx, f.pool, uk.ID)
	f.must(err)
	if (len(others) == 1 && others[0].ID == en.ID) != paired {
		f.t.Errorf("translations %+v", others)
	}
}

func TestTranslationsAreFound(t *testing.T) {
	t.Parallel()
	picture := "https://cdn.example/2.jpg"
	for _, row := range []struct {
		name   string
		change func(f *family, uk, en *item)
		by     string // "": not found
	}{
		{"nothing in common", func(*family, *item, *item) {}, ""},
		{"the page says so", func(f *family, _, en *item) {
			f.html[en.link] = `<head><link rel="alternate" hreflang="uk" href="/news/2?utm_source=x"></head>`
		}, "hreflang"},
		{"the first one's page said so", func(f *family, uk, en *item) {
			f.html[uk.link] = `<head><link rel="alternate" hreflang="en" href="` + en.link + `"></head>`
		}, "hreflang"},
		{"the feed says so", func(f *family, _, en *item) { en.alternates = map[string]string{"uk": f.URL + "/news/2"} }, "hreflang"},
		{"one id on one site", func(_ *family, uk, en *item) { en.guid = uk.guid }, "feed"},
		{"one short id on two sites", func(_ *family, uk, en *item) { en.guid, en.link = uk.guid, "https://other.example/2" }, ""},
		{"one address", func(_ *family, uk, en *item) { en.link = uk.link + "?utm_source=en" }, "feed"},
		{"one picture at one time", func(_ *family, uk, en *item) { uk.image, en.image, en.at = picture, picture, uk.at.Add(time.Minute) }, "feed"},
		{"one picture hours apart", func(_ *family, uk, en *item) { uk.image, en.image = picture, picture }, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFamily(t, 0)
			uk, en := news(2), english(2)
			row.change(f, &uk, &en)
			f.publish(f.ukFeed, uk, news(1))
			f.publish(f.enFeed, en, english(1))
			f.wantPaired(row.by != "", row.by)
		})
	}
}

// A picture that stands for more than one story tells nothing.
func TestPictureOfManyPairsNothing(t *testing.T) {
	t.Parallel()
	f := newFamily(t, 0)
	logo := func(i item) item {
		i.image, i.at = "https://cdn.example/logo.png", start
		return i
	}
	f.publish(f.ukFeed, logo(news(3)), logo(news(2)), news(1))
	f.publish(f.enFeed, logo(english(2)), english(1))
	f.wantPaired(false, "")
}

// What a newsletter has of a story already is not paired a second time.
func TestOneTranslationInEachNewsletter(t *testing.T) {
	t.Parallel()
	f := newFamily(t, 0)
	said := func(i item) item {
		i.alternates = map[string]string{"uk": f.URL + "/news/2"}
		return i
	}
	f.publish(f.ukFeed, news(2), news(1))
	f.publish(f.enFeed, said(english(2)), english(1))
	f.publish(f.enFeed, said(english(3)), said(english(2)), english(1))
	f.wantPaired(true, "hreflang")
	if third := f.article("English Story 3"); third.PairedBy != "" {
		t.Errorf("a second translation was paired: %+v", third)
	}
}

func TestPairByHand(t *testing.T) {
	t.Parallel()
	f := newFamily(t, 0)
	f.publish(f.ukFeed, news(2), news(1))
	f.publish(f.enFeed, english(2), english(1))
	uk, en := f.article("Story 2"), f.article("English Story 2")
	offered, err := Pairable(f.ctx, f.pool, uk.ID)
	f.must(err)
	if len(offered) != 2 || offered[0].ID != en.ID {
		t.Errorf("offered %+v, want the English ones, the nearest first", offered)
	}
	if err := f.Pair(f.ctx, uk.ID, f.article("Story 1").ID, 0); !errors.Is(err, ErrNoPair) {
		t.Errorf("two of one newsletter: %v", err)
	}
	if err := f.Pair(f.ctx, uk.ID, 1<<40, 0); !errors.Is(err, ErrNotFound) {
		t.Errorf("with nothing: %v", err)
	}
	if err := f.Unpair(f.ctx, uk.ID, 0); !errors.Is(err, ErrState) {
		t.Errorf("taken apart though alone: %v", err)
	}
	f.must(f.Pair(f.ctx, uk.ID, en.ID, 0))
	f.wantPaired(true, "hand")
	f.wantEvent("Story 2", "translation of “English Story 2”")
	f.wantEvent("English Story 2", "translation of “Story 2”")
	if err := f.Pair(f.ctx, uk.ID, f.article("English Story 1").ID, 0); !errors.Is(err, ErrNoPair) {
		t.Errorf("a second translation: %v", err)
	}
	f.must(f.Unpair(f.ctx, en.ID, 0))
	f.wantPaired(false, "apart")
	f.wantEvent("English Story 2", "no translation")
	if len(f.owed) != 2 {
		t.Errorf("owed are %v, want both", f.owed)
	}
}

// What a person took apart is not put together again by what the site says.
func TestApartStaysApart(t *testing.T) {
	t.Parallel()
	f := newFamily(t, grace)
	en := english(2)
	en.alternates = map[string]string{"uk": f.URL + "/news/2"}
	f.publish(f.ukFeed, news(2), news(1))
	f.publish(f.enFeed, en, english(1))
	f.wantPaired(true, "hreflang")
	f.must(f.Unpair(f.ctx, f.article("English Story 2").ID, 0))
	f.Clock.Advance(grace)
	f.publish(f.enFeed, en, english(1))
	f.want("Story 1: baseline", "English Story 1: baseline", "Story 2: released", "English Story 2: released")
	f.wantPaired(false, "apart")
	if len(f.owed) != 0 {
		t.Errorf("owed are %v before any was released", f.owed)
	}
}

// Both halves of a story are released in one moment: they find each other.
func TestTranslationsReleasedAtOnce(t *testing.T) {
	t.Parallel()
	for range 5 {
		f := newFamily(t, grace)
		f.html["/news/2"] = `<link rel="alternate" hreflang="en" href="/en/news/2">`
		f.html["/en/news/2"] = `<link rel="alternate" hreflang="uk" href="/news/2">`
		f.publish(f.ukFeed, news(2), news(1))
		f.publish(f.enFeed, english(2), english(1))
		f.wantPaired(false, "")
		f.Clock.Advance(grace)
		var g errgroup.Group
		for _, title := range []string{"Story 2", "English Story 2"} {
			id := f.article(title).ID
			g.Go(func() error {
				_, _, err := f.releaseBatch(f.ctx, id)
				return err
			})
		}
		f.must(g.Wait())
		uk, en := f.article("Story 2"), f.article("English Story 2")
		if uk.StoryID != en.StoryID || uk.State != Released || en.State != Released {
			t.Fatalf("stories %d and %d: %s, %s", uk.StoryID, en.StoryID, uk.State, en.State)
		}
	}
}
