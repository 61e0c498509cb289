package edition

import (
	"slices"
	"time"
)

// specialReader is a reader who is owed something, or who also has a
// subscription in a sibling newsletter: decided one by one.
type specialReader struct {
	ID         int64
	Seen       int64
	All        bool // every topic
	Topics     []string
	Locale     string
	Cadence    string
	ProviderID int64

	owed map[int64]bool // article ids owed and due
	// stories tells what is known of a story in the reader's deliveries of
	// the whole family.
	stories map[int64]outcome
	// prefers: the reader's preferred language is another one, that sibling's
	// subscription is active, and its articles are paired with ours. What follows
	// from it the reader has chosen.
	prefers  bool
	fallback fallback
}

// fallback is what a reader of two languages chose to get of a story that is
// here before it is in the preferred one (subscriber.translations).
type fallback string

const (
	waitAWhile fallback = "wait"  // wait, then take it as it is
	firstCome  fallback = "first" // take whichever comes first
	onlyThat   fallback = "only"  // wait, then do without
)

type outcome int

const (
	never  outcome = iota // no delivery, or one that came to nothing
	coming                // on its way, and may still be put off and then cancelled
	had                   // sent, or possibly so and held for a person
)

// settles maps a delivery's state to what it means for its stories. On the wire
// is not had: a temporary refusal puts it off, and then the reader may leave that
// newsletter or the article be withdrawn.
func settles(state string) outcome {
	switch state {
	case "sent", "in doubt":
		return had
	case "queued", "deferred", "sending":
		return coming
	}
	return never
}

// debt is an article put off for one reader.
type debt struct {
	ArticleID int64
	DueAt     time.Time
	Reason    string
}

// verdict is what becomes of a special reader's articles. What is in neither
// list is settled without a mail.
type verdict struct {
	mail []article
	owe  []debt
}

// weigh decides for each article in (seen, head] and each owed one: withdrawn
// or not wanted → settled; story had in any language → settled; on its way →
// looked at again; the preferred language may still come → owed until the wait
// ends, unless the reader takes whichever is first; the wait is over and the
// reader wants no other language → settled; else mailed.
func weigh(r specialReader, articles []article, head int64, now time.Time, wait time.Duration) verdict {
	var v verdict
	taken := map[int64]bool{}
	articles = slices.Clone(articles)
	slices.SortFunc(articles, func(a, b article) int { return int(a.Seq - b.Seq) })
	for _, a := range articles {
		if a.Seq > head || (a.Seq <= r.Seen && !r.owed[a.ID]) {
			continue
		}
		if a.Withdrawn || !wants(a, r.All, r.Topics) || taken[a.StoryID] {
			continue
		}
		switch until := a.ReleasedAt.Add(wait); {
		case r.stories[a.StoryID] == had:
		case r.stories[a.StoryID] == coming:
			v.owe = append(v.owe, debt{a.ID, now.Add(recheck), "the story is on its way already"})
		case r.prefers && r.fallback != firstCome && until.After(now):
			v.owe = append(v.owe, debt{a.ID, until, "waiting for the preferred language"})
		case r.prefers && r.fallback == onlyThat:
		default:
			v.mail = append(v.mail, a)
			taken[a.StoryID] = true
		}
	}
	return v
}
