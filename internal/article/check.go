package article

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/feed"
	"vistka/internal/locale"
)

// Check is what a feed is like and what would become of each entry.
type Check struct {
	URL      string
	Title    string
	SiteURL  string
	Language string
	Verdicts []Verdict
	Remarks  []locale.Message // what about the feed could be better
}

// Verdict is what would become of one entry, the oldest first.
type Verdict struct {
	Title       string
	URL         string
	PublishedAt *time.Time
	State       State // of the article, new or known
	Known       bool
	Reason      locale.Message
}

const sqlPair = `
SELECT nf.newsletter_id, nf.filters, nf.baseline_at, n.grace, 0::float8 AS per_day, false AS siblings
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
			v.Known, v.State, v.Reason = true, k.articles[d.id].State, locale.Message{Key: "article.reason.known"}
			if d.note != nil {
				v.Reason = locale.Message{Key: "article.reason.known_note", Cause: d.note}
			}
		}
		out.Verdicts = append(out.Verdicts, v)
	}
	return out, nil
}

func remarks(doc feed.Document, cands []*candidate) []locale.Message {
	var out []locale.Message
	say := func(n int, key string) {
		if n > 0 {
			out = append(out, locale.Message{Key: "feed.remark." + key, N: n})
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
		out = append(out, locale.Message{Key: "feed.remark.empty"})
	}
	say(noID, "no_id")
	say(noAddress, "no_address")
	say(shared, "shared")
	say(noDate, "no_date")
	say(doc.LeftOut, "left_out")
	if doc.Language == "" {
		out = append(out, locale.Message{Key: "feed.remark.no_language"})
	}
	return out
}
