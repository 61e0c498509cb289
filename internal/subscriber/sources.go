package subscriber

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/feed"
	"vistka/internal/postgres"
)

// maxPlace is in octets: an index row has room for 2,700.
const maxPlace = 1000

// place is what a sign-up counts under: the article under which the form stood,
// else the page, in one spelling (feed.CanonicalURL). A page's query is left
// out, for it may say something about its reader.
func place(articleURL, pageURL string) string {
	page, _, _ := strings.Cut(pageURL, "?")
	return clip(feed.CanonicalURL(cmp.Or(articleURL, page)), maxPlace)
}

// standing is the page that a form stood on. Browsers tell another site no more of
// it than its origin; the form itself named the article, which proves to be there
// as far as it is on that very site.
func standing(articleURL, pageURL string) string {
	page, err := url.Parse(pageURL)
	if err != nil || page.Host == "" || strings.Trim(page.Path, "/") != "" || page.RawQuery != "" {
		return pageURL
	}
	if article, err := url.Parse(articleURL); err == nil && article.Scheme == page.Scheme && article.Host == page.Host {
		return articleURL
	}
	return pageURL
}

// Source is a place that sign-ups came from.
type Source struct {
	Place     string // as feed.CanonicalURL has it; empty: not known, or nobody has confirmed
	Requested int64
	Confirmed int64
}

// Sources returns where a newsletter's sign-ups since a day came from, those
// that won most subscribers first. Sign-ups from places where nobody has
// confirmed are one Source without a Place, the last.
func (s *Service) Sources(ctx context.Context, db postgres.DB, newsletterID int64, since time.Time) ([]Source, error) {
	rows, err := db.Query(ctx, sources, pgx.StrictNamedArgs{"newsletter": newsletterID, "since": since})
	if err != nil {
		return nil, fmt.Errorf("sources of newsletter %d: %w", newsletterID, err)
	}
	byPlace := map[string]Source{}
	var article, page string
	var one Source
	_, err = pgx.ForEachRow(rows, []any{&article, &page, &one.Requested, &one.Confirmed}, func() error {
		at := place(article, page)
		sum := byPlace[at]
		byPlace[at] = Source{at, sum.Requested + one.Requested, sum.Confirmed + one.Confirmed}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("sources of newsletter %d: %w", newsletterID, err)
	}
	var out []Source
	var rest Source
	for _, source := range byPlace {
		if source.Place == "" || source.Confirmed == 0 {
			rest.Requested += source.Requested
			rest.Confirmed += source.Confirmed
			continue
		}
		out = append(out, source)
	}
	slices.SortFunc(out, func(a, b Source) int {
		return cmp.Or(cmp.Compare(b.Confirmed, a.Confirmed), cmp.Compare(a.Requested, b.Requested), cmp.Compare(a.Place, b.Place))
	})
	if rest.Requested > 0 {
		out = append(out, rest)
	}
	return out, nil
}

// Place names a place within a newsletter.
type Place struct {
	NewsletterID int64
	Address      string // as feed.CanonicalURL has it
}

// Won returns how many subscribers each of these places has won.
func (s *Service) Won(ctx context.Context, db postgres.DB, places []Place) (map[Place]int64, error) {
	ids, addresses := make([]int64, len(places)), make([]string, len(places))
	for i, p := range places {
		ids[i], addresses[i] = p.NewsletterID, p.Address
	}
	rows, err := db.Query(ctx, won, pgx.StrictNamedArgs{"newsletters": ids, "places": addresses})
	if err != nil {
		return nil, fmt.Errorf("subscribers won: %w", err)
	}
	out := map[Place]int64{}
	var p Place
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&p.NewsletterID, &p.Address, &n}, func() error {
		out[p] = n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("subscribers won: %w", err)
	}
	return out, nil
}

// countConfirmed counts a sign-up that has just been confirmed. It is the last
// statement of its transaction: all who confirm under one article wait for the
// same row.
func (s *Service) countConfirmed(ctx context.Context, tx pgx.Tx, g pending) error {
	_, err := tx.Exec(ctx, countConfirmed, pgx.StrictNamedArgs{
		"day": g.CreatedAt.UTC(), "newsletter": g.NewsletterID, "place": place(g.ArticleURL, g.PageURL),
	})
	return err
}
