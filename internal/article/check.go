package article

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/feed"
)

// Check is what a feed is like and what would become of each entry.
type Check struct {
	URL      string
	Title    string
	SiteURL  string
	Language string
	Verdicts []Verdict
	Remarks  []string // in words, what about the feed could be better
}

// Verdict is what would become of one entry, the oldest first.
type Verdict struct {
	Title       string
	URL         string
	PublishedAt *time.Time
	State       State // of the article, new or known
	Known       bool
	Reason      string
}

const sqlPair = `
SELECT nf.newsletter_id, nf.filters, nf.baseline_at, n.grace, 0::float8 AS per_day
FROM newsletter_feed nf
JOIN newsletter n ON n.id = nf.newsletter_id
JOIN feed f ON f.id = nf.feed_id
WHERE n.id = @newsletter_id
  AND f.url = @url`

// CheckFeed reads a feed and says what each entry would become in a newsletter;
// it writes nothing. newsletterID 0 checks the feed alone, as if it were new.
func (s *Service) CheckFeed(ctx context.Context, newsletterID int64, url string) (Check, error) {
	url, _, doc, err := s.read(ctx, url)
	if err != nil {
		return Check{}, fmt.Errorf("check feed: %w", err)
	}
	p, err := one[pair](ctx, s.DB, sqlPair, pgx.StrictNamedArgs{"newsletter_id": newsletterID, "url": url})
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Check{}, fmt.Errorf("check feed: %w", err)
	}
	cands := candidates(doc)
	k, err := loadKnown(ctx, s.DB, newsletterID, cands)
	if err != nil {
		return Check{}, fmt.Errorf("check feed: %w", err)
	}
	out := Check{URL: url, Title: doc.Title, SiteURL: doc.SiteURL, Language: doc.Language, Remarks: remarks(doc, cands)}
	now := s.Clock.Now()
	for _, d := range decide(p, k, cands, now, &now, false).decisions {
		v := Verdict{Title: d.Title, URL: d.URL, PublishedAt: d.PublishedAt, State: d.state, Reason: d.reason}
		if !d.isNew() {
			v.Known, v.State, v.Reason = true, k.articles[d.id].State, "Already known. "+d.note
		}
		out.Verdicts = append(out.Verdicts, v)
	}
	return out, nil
}

func remarks(doc feed.Document, cands []*candidate) []string {
	var out []string
	say := func(n int, words string) {
		if n > 0 {
			out = append(out, fmt.Sprintf(words, n))
		}
	}
	var noID, noDate, noAddress, shared int
	for _, c := range cands {
		if len(c.guids) == 0 {
			noID++
		}
		if c.PublishedAt == nil {
			noDate++
		}
		if c.address.Kind == "" {
			noAddress++
		}
		if c.shared {
			shared++
		}
	}
	if len(cands) == 0 {
		out = append(out, "The feed is empty.")
	}
	say(noID, "Entries without an id (guid): %d. They are told apart by their addresses.")
	say(noAddress, "Entries without an address of their own: %d. Readers could not open them.")
	say(shared, "Entries whose address is the site's or another entry's: %d. Only their ids tell them apart.")
	say(noDate, "Entries without a date that can be read: %d. The time they were first seen is used.")
	say(doc.LeftOut, "Entries left out because the feed or they are too large: %d.")
	if doc.Language == "" {
		out = append(out, "The feed does not say its language.")
	}
	return out
}
