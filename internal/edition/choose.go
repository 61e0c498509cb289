package edition

import (
	"slices"
	"time"
)

// article is what deciding needs to know of a released article.
type article struct {
	ID         int64
	Seq        int64
	StoryID    int64
	Topics     []string
	ReleasedAt time.Time
	Withdrawn  bool
}

// class is the readers who are to get the same: equal marks, topics, locale and
// cadence.
type class struct {
	SeenSeq int64
	Topics  *string // the array as Postgres writes it; nil means all
	Chosen  []string
	Locale  string
	Cadence string
	Readers int64
}

// choose returns the live articles with seq in (seen, head] that these topics
// let through, in the order of release: never only the newest one, so that a
// reader who was away catches up.
func choose(articles []article, seen, head int64, all bool, topics []string) []article {
	var out []article
	for _, a := range articles {
		if a.Seq > seen && a.Seq <= head && !a.Withdrawn && wants(a, all, topics) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b article) int { return int(a.Seq - b.Seq) })
	return out
}

// wants says whether a reader of these topics gets the article. An article
// without topics goes only to those who want everything.
func wants(a article, all bool, topics []string) bool {
	return all || slices.ContainsFunc(a.Topics, func(t string) bool { return slices.Contains(topics, t) })
}

func ids(articles []article) []int64 {
	out := make([]int64, len(articles))
	for i, a := range articles {
		out[i] = a.ID
	}
	return out
}
