package edition

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	articles := []article{
		{ID: 13, Seq: 3, Topics: []string{"b"}},
		{ID: 11, Seq: 1, Topics: []string{"a"}},
		{ID: 12, Seq: 2, Topics: []string{"a", "b"}},
		{ID: 14, Seq: 4, Topics: []string{"a"}, Withdrawn: true},
		{ID: 15, Seq: 5},
	}
	for _, c := range []struct {
		name       string
		seen, head int64
		all        bool
		topics     []string
		want       []int64
	}{
		{"everything, in the order of release", 0, 5, true, nil, []int64{11, 12, 13, 15}},
		{"above the mark", 2, 5, true, nil, []int64{13, 15}},
		{"up to the head", 0, 2, true, nil, []int64{11, 12}},
		{"one topic is enough", 0, 5, false, []string{"b"}, []int64{12, 13}},
		{"without topics only to those who want all", 4, 5, false, []string{"a", "b"}, []int64{}},
		{"withdrawn", 3, 4, true, nil, []int64{}},
		{"no topic chosen", 0, 5, false, nil, []int64{}},
		{"mark above the head", 5, 3, true, nil, []int64{}},
	} {
		if diff := cmp.Diff(c.want, ids(choose(articles, c.seen, c.head, c.all, c.topics))); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

func TestWeigh(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	const wait = 12 * time.Hour
	fresh := article{ID: 1, Seq: 7, StoryID: 100, Topics: []string{"a"}, ReleasedAt: now.Add(-time.Hour)}
	stale := article{ID: 1, Seq: 7, StoryID: 100, ReleasedAt: now.Add(-wait)}
	withdrawn := fresh
	withdrawn.Withdrawn = true
	twin := article{ID: 2, Seq: 8, StoryID: 100, ReleasedAt: now}
	reader := func(f func(*specialReader)) specialReader {
		r := specialReader{ID: 5, Seen: 6, All: true, owed: map[int64]bool{}, stories: map[int64]outcome{}}
		if f != nil {
			f(&r)
		}
		return r
	}
	for _, c := range []struct {
		name   string
		reader specialReader
		in     []article
		mail   []int64
		owe    []debt
	}{
		{"new", reader(nil), []article{fresh}, []int64{1}, nil},
		{"below the mark", reader(func(r *specialReader) { r.Seen = 7 }), []article{fresh}, []int64{}, nil},
		{"below the mark but owed", reader(func(r *specialReader) { r.Seen = 7; r.owed[1] = true }), []article{fresh}, []int64{1}, nil},
		{"owed and withdrawn", reader(func(r *specialReader) { r.Seen = 7; r.owed[1] = true }), []article{withdrawn}, []int64{}, nil},
		{"owed and no longer wanted", reader(func(r *specialReader) { r.Seen, r.All, r.Topics = 7, false, []string{"b"}; r.owed[1] = true }), []article{fresh}, []int64{}, nil},
		{"above the head", reader(func(r *specialReader) { r.owed[9] = true }), []article{{ID: 9, Seq: 9}}, []int64{}, nil},
		{"story had", reader(func(r *specialReader) { r.stories[100] = had }), []article{fresh}, []int64{}, nil},
		{"story on its way", reader(func(r *specialReader) { r.stories[100] = coming }), []article{fresh}, []int64{}, []debt{{1, now.Add(recheck), "the story is on its way already"}}},
		{"another language preferred", reader(func(r *specialReader) { r.prefers = true }), []article{fresh}, []int64{}, []debt{{1, now.Add(wait - time.Hour), "waiting for the preferred language"}}},
		{"waited long enough", reader(func(r *specialReader) { r.prefers = true }), []article{stale}, []int64{1}, nil},
		{"the first that comes", reader(func(r *specialReader) { r.prefers, r.fallback = true, firstCome }), []article{fresh}, []int64{1}, nil},
		{"only the preferred language", reader(func(r *specialReader) { r.prefers, r.fallback = true, onlyThat }), []article{fresh}, []int64{}, []debt{{1, now.Add(wait - time.Hour), "waiting for the preferred language"}}},
		{"waited for the only language", reader(func(r *specialReader) { r.prefers, r.fallback = true, onlyThat }), []article{stale}, []int64{}, nil},
		{"two of one story", reader(nil), []article{twin, fresh}, []int64{1}, nil},
	} {
		v := weigh(c.reader, c.in, 8, now, wait)
		if diff := cmp.Diff(c.mail, ids(v.mail)); diff != "" {
			t.Errorf("%s: mailed:\n%s", c.name, diff)
		}
		if diff := cmp.Diff(c.owe, v.owe); diff != "" {
			t.Errorf("%s: owed:\n%s", c.name, diff)
		}
	}
}

func TestSettlesEveryState(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]outcome{
		"queued": coming, "deferred": coming, "sending": coming, "in doubt": had, "sent": had,
		"failed": never, "skipped": never, "cancelled": never,
	} {
		if got := settles(state); got != want {
			t.Errorf("%s settles %d, want %d", state, got, want)
		}
	}
}
