package article

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/feed"
	"vistka/internal/locale"
	"vistka/internal/postgres"
)

// FeedRow is a feed as one newsletter reads it.
type FeedRow struct {
	ID           int64           `db:"id"`
	NewsletterID int64           `db:"newsletter_id"`
	URL          string          `db:"url"`
	Title        string          `db:"title"`
	SiteURL      string          `db:"site_url"`
	State        string          `db:"state"` // active, paused, gone
	NextPollAt   time.Time       `db:"next_poll_at"`
	PolledAt     *time.Time      `db:"polled_at"`
	GoodAt       *time.Time      `db:"good_at"`
	Failures     int             `db:"failures"`
	Problem      *locale.Message `db:"problem"` // of the last poll, nil if it was good
	Warning      *locale.Message `db:"warning"`
	WarningAt    *time.Time      `db:"warning_at"`
	Entries      int             `db:"entries"`
	PollInterval time.Duration   `db:"poll_interval"`
	Filters      Filters         `db:"filters"`
	BaselineAt   *time.Time      `db:"baseline_at"`
}

// ListFeeds lists the feeds of a newsletter; newsletterID 0 lists all.
func ListFeeds(ctx context.Context, db postgres.DB, newsletterID int64) ([]FeedRow, error) {
	rows, err := many[FeedRow](ctx, db, sqlFeeds, pgx.StrictNamedArgs{"newsletter_id": newsletterID})
	if err != nil {
		return nil, fmt.Errorf("list feeds: %w", err)
	}
	return rows, nil
}

// AddResult is a feed added.
type AddResult struct {
	FeedID  int64
	URL     string // of the feed: another than was asked for if that was a page
	Title   string
	Already bool // the newsletter read it before
	Poll    PollResult
}

// AddFeed reads a feed, or finds that of a page, and lets the newsletter read
// it from now on: what it shows today is known, not news. Adding it again
// changes nothing. What is wrong with the address comes as a *feed.Error with
// words, and nothing is added.
func (s *Service) AddFeed(ctx context.Context, newsletterID int64, url string) (AddResult, error) {
	url, resp, doc, err := s.read(ctx, url)
	if err != nil {
		return AddResult{}, fmt.Errorf("add feed: %w", err)
	}
	res := AddResult{URL: url, Title: doc.Title}
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, sqlFeedUpsert, pgx.StrictNamedArgs{"url": url, "title": doc.Title, "site_url": doc.SiteURL, "now": s.Clock.Now()}).Scan(&res.FeedID)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, sqlPairInsert, pgx.StrictNamedArgs{"newsletter_id": newsletterID, "feed_id": res.FeedID})
		res.Already = tag.RowsAffected() == 0
		return err
	})
	if err != nil {
		return AddResult{}, fmt.Errorf("add feed %s to newsletter %d: %w", url, newsletterID, err)
	}
	f, err := one[source](ctx, s.DB, sqlFeed, pgx.StrictNamedArgs{"id": res.FeedID})
	if err != nil {
		return AddResult{}, fmt.Errorf("add feed %s: %w", url, err)
	}
	res.Poll, err = s.record(ctx, f, resp, &doc)
	if errors.Is(err, errSuperseded) {
		res.Poll, err = s.Poll(ctx, res.FeedID)
	}
	return res, err
}

// read fetches and parses the feed at an address or, if that is a page, the
// feed it names.
func (s *Service) read(ctx context.Context, url string) (string, feed.Response, feed.Document, error) {
	url = strings.TrimSpace(url)
	if url != "" && !strings.Contains(url, "://") {
		url = "https://" + url
	}
	resp, doc, err := s.readAt(ctx, url)
	if feed.KindOf(err) != feed.KindNotFeed {
		return url, resp, doc, err
	}
	found, err := s.Fetcher.Discover(ctx, url)
	if err != nil {
		return url, resp, doc, err
	}
	resp, doc, err = s.readAt(ctx, found[0].URL)
	return found[0].URL, resp, doc, err
}

// maxAddress of a feed, in octets: what all programs agree on, and a row of an index holds.
const maxAddress = 2000

func (s *Service) readAt(ctx context.Context, url string) (feed.Response, feed.Document, error) {
	if len(url) > maxAddress {
		return feed.Response{}, feed.Document{}, &feed.Error{Kind: feed.KindAddress, URL: url, Words: locale.Message{Key: "feed.problem.address_long"}}
	}
	resp, err := s.Fetcher.Fetch(ctx, feed.Request{URL: url})
	if err != nil {
		return resp, feed.Document{}, err
	}
	doc, err := feed.Parse(resp.Body, resp.ContentType, cmp.Or(resp.FinalURL, url))
	return resp, doc, err
}

// RemoveFeed lets a newsletter no longer read a feed. Its articles and what is
// known of them stay. Returns ErrNotFound.
func (s *Service) RemoveFeed(ctx context.Context, newsletterID, feedID int64) error {
	err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		args := pgx.StrictNamedArgs{"newsletter_id": newsletterID, "feed_id": feedID}
		tag, err := tx.Exec(ctx, sqlPairDelete, args)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrNotFound
		}
		_, err = tx.Exec(ctx, sqlFeedDeleteUnread, pgx.StrictNamedArgs{"feed_id": feedID})
		return err
	})
	if err != nil {
		return fmt.Errorf("remove feed %d of newsletter %d: %w", feedID, newsletterID, err)
	}
	return nil
}

// MoveFeed lets a feed be read at another address from the next poll on; its
// articles stay its own, so that they may get new addresses too. Returns
// ErrNotFound.
func (s *Service) MoveFeed(ctx context.Context, feedID int64, url string) error {
	tag, err := s.DB.Exec(ctx, sqlFeedReadAt, pgx.StrictNamedArgs{"id": feedID, "url": url})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("move feed %d to %s: %w", feedID, url, err)
	}
	return nil
}

// SetFilters changes which entries a newsletter takes, from the next poll on.
// Returns ErrNotFound, or a LanguageError.
func (s *Service) SetFilters(ctx context.Context, newsletterID, feedID int64, f Filters) error {
	f, err := f.tidy()
	if err != nil {
		return fmt.Errorf("filter feed %d of newsletter %d: %w", feedID, newsletterID, err)
	}
	tag, err := s.DB.Exec(ctx, sqlFilters, pgx.StrictNamedArgs{"newsletter_id": newsletterID, "feed_id": feedID, "filters": f})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("filter feed %d of newsletter %d: %w", feedID, newsletterID, err)
	}
	return nil
}

// PauseFeed stops polling until ResumeFeed, which also revives a feed that was gone.
func (s *Service) PauseFeed(ctx context.Context, feedID int64) error {
	return s.feedState(ctx, feedID, "paused", "active")
}

// ResumeFeed polls again, from the next tick on.
func (s *Service) ResumeFeed(ctx context.Context, feedID int64) error {
	return s.feedState(ctx, feedID, "active", "paused", "gone")
}

func (s *Service) feedState(ctx context.Context, feedID int64, to string, from ...string) error {
	tag, err := s.DB.Exec(ctx, sqlFeedState, pgx.StrictNamedArgs{"id": feedID, "state": to, "from": from, "now": s.Clock.Now()})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrState
	}
	if err != nil {
		return fmt.Errorf("feed %d to %s: %w", feedID, to, err)
	}
	return nil
}
