package article

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/feed"
	"vistka/internal/locale"
	"vistka/internal/postgres"
)

// Manners of polling.
const (
	quickest   = 5 * time.Minute
	slowest    = 30 * time.Minute
	backOffMax = 6 * time.Hour
	alertAfter = 3 // failures in a row before somebody is told
	moveAfter  = 3 // sightings of a permanent redirect before it is believed
)

// Stale is how long after its last good poll a feed is more than late: a quiet
// one is asked each half hour.
const Stale = 2 * time.Hour

// PollResult is what one poll found, summed over the newsletters of the feed.
type PollResult struct {
	FeedID      int64
	NotModified bool
	Entries     int
	Known       int
	Baseline    int
	New         int // waiting or released at once
	Held        int
	Never       int
	Gap         bool            // nothing of the last poll was left: some may have been missed
	Problem     *locale.Message // when the poll was not good; the state is kept
	Next        time.Time
}

func (r *PollResult) count(p plan) {
	for _, d := range p.decisions {
		switch {
		case !d.isNew():
			r.Known++
		case d.state == Baseline:
			r.Baseline++
		case d.state == Held:
			r.Held++
		case d.state == Never:
			r.Never++
		default:
			r.New++
		}
	}
	r.Gap = r.Gap || p.gap
}

// Poll asks a feed and records what it shows. What is wrong with the feed is
// recorded with it and told in the result; errors are of the database.
// Returns ErrNotFound, or ErrNotActive for a feed paused or gone.
func (s *Service) Poll(ctx context.Context, feedID int64) (PollResult, error) {
	for {
		res, err := s.poll(ctx, feedID)
		if !errors.Is(err, errSuperseded) || ctx.Err() != nil {
			return res, err
		}
		// The other document may be older than ours: ask again.
	}
}

// PollNow polls and then releases what is due, in one pass.
func (s *Service) PollNow(ctx context.Context, feedID int64) (PollResult, error) {
	res, err := s.Poll(ctx, feedID)
	if err != nil {
		return res, err
	}
	_, err = s.ReleaseDue(ctx)
	return res, err
}

func (s *Service) poll(ctx context.Context, feedID int64) (PollResult, error) {
	f, err := one[source](ctx, s.DB, sqlFeed, pgx.StrictNamedArgs{"id": feedID})
	if err != nil {
		return PollResult{}, fmt.Errorf("poll feed %d: %w", feedID, err)
	}
	if f.State != "active" {
		return PollResult{}, fmt.Errorf("poll feed %d: %w: %s", feedID, ErrNotActive, f.State)
	}
	req := feed.Request{URL: f.URL, ETag: f.ETag, LastModified: f.LastModified}
	var whole bool // a newsletter that has no baseline yet needs the whole document
	if err := s.DB.QueryRow(ctx, sqlUnbaselined, pgx.StrictNamedArgs{"id": feedID}).Scan(&whole); err != nil {
		return PollResult{}, fmt.Errorf("poll feed %d: %w", feedID, err)
	}
	if whole {
		req.ETag, req.LastModified = "", ""
	}
	resp, err := s.Fetcher.Fetch(ctx, req)
	if err != nil {
		return s.feedBad(ctx, f, err)
	}
	if resp.NotModified {
		return s.record(ctx, f, resp, nil)
	}
	doc, err := feed.Parse(resp.Body, resp.ContentType, resp.FinalURL)
	if err != nil {
		return s.feedBad(ctx, f, err)
	}
	return s.record(ctx, f, resp, &doc)
}

// feedGood closes a good poll: validators kept, next time set, moves noticed.
func (s *Service) feedGood(ctx context.Context, tx pgx.Tx, f source, pairs []pair, resp feed.Response, doc *feed.Document, now time.Time, res *PollResult) error {
	every := f.PollInterval
	if doc != nil {
		every = interval(usual(pairs, *doc, now))
	}
	res.Next = now.Add(max(jitter(every), resp.Retry))
	args := pgx.StrictNamedArgs{
		"id": f.ID, "now": now, "next": res.Next, "etag": resp.ETag, "last_modified": resp.LastModified,
		"title": "", "site_url": "", "entries": (*int)(nil), "poll_interval": &every, "moved_to": "",
	}
	var warning *locale.Message
	sightings := 0
	if doc != nil {
		args["title"], args["site_url"], args["entries"] = doc.Title, doc.SiteURL, &res.Entries
	}
	if res.Gap {
		warning = &locale.Message{Key: "feed.warning.gap"}
	}
	if resp.MovedTo != "" && resp.MovedTo != f.URL {
		sightings = 1
		if resp.MovedTo == f.MovedTo {
			sightings = f.MovedCount + 1
		}
		args["moved_to"] = resp.MovedTo
		if sightings == moveAfter && !feed.SameSite(resp.MovedTo, f.URL) {
			warning = &locale.Message{Key: "feed.warning.moved", Name: resp.MovedTo}
		}
	}
	args["moved_count"], args["warning"] = sightings, warning
	if _, err := tx.Exec(ctx, sqlFeedGood, args); err != nil {
		return err
	}
	if sightings >= moveAfter && feed.SameSite(resp.MovedTo, f.URL) {
		if _, err := tx.Exec(ctx, sqlFeedMove, pgx.StrictNamedArgs{"id": f.ID}); err != nil {
			return err
		}
	}
	if warning != nil {
		s.Log.WarnContext(ctx, "feed needs a look", "feed", f.ID, "warning", warning.Key)
	}
	return nil
}

// feedBad keeps everything as it was, says what is wrong and backs off.
func (s *Service) feedBad(ctx context.Context, f source, cause error) (PollResult, error) {
	if ctx.Err() != nil { // we are stopping; the feed is not to blame
		return PollResult{}, fmt.Errorf("poll feed %d: %w", f.ID, ctx.Err())
	}
	now := s.Clock.Now()
	wait := max(jitter(backOff(f.Failures+1)), feed.Delay(cause))
	problem := feed.Words(cause)
	res := PollResult{FeedID: f.ID, Problem: &problem, Next: now.Add(wait)}
	gone := feed.KindOf(cause) == feed.KindGone
	alarming := gone || f.Failures+1 == alertAfter
	err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		t := FeedTrouble{FeedID: f.ID, Problem: res.Problem, Gone: gone}
		err := tx.QueryRow(ctx, sqlFeedBad, pgx.StrictNamedArgs{
			"id": f.ID, "now": now, "polled_at": f.PolledAt,
			"problem": res.Problem, "next": res.Next, "gone": gone,
		}).Scan(&t.Name, &t.NewsletterID)
		if errors.Is(err, pgx.ErrNoRows) {
			return errSuperseded
		}
		if err == nil && alarming && s.OnFeedTrouble != nil {
			s.OnFeedTrouble(ctx, tx, t)
		}
		return err
	})
	if err != nil {
		return PollResult{}, fmt.Errorf("record problem of feed %d: %w", f.ID, err)
	}
	level := slog.LevelInfo
	if alarming {
		level = slog.LevelWarn
	}
	s.Log.Log(ctx, level, "feed not read", "feed", f.ID, "failures", f.Failures+1, "next", res.Next, "error", cause)
	return res, nil
}

// usual is how many articles a day the feed brings: as we saw it, or as its dates
// of the last week have it, which is all there is when it was just added.
func usual(pairs []pair, doc feed.Document, now time.Time) float64 {
	perDay := 0.0
	for _, p := range pairs {
		perDay = max(perDay, p.PerDay)
	}
	recent := 0
	for _, e := range doc.Entries {
		if e.PublishedAt != nil && !e.PublishedAt.After(now) && now.Sub(*e.PublishedAt) < 7*24*time.Hour {
			recent++
		}
	}
	return max(perDay, float64(recent)/7)
}

// interval follows how much a feed brings: a busy site each five minutes, a
// quiet one each half hour.
func interval(perDay float64) time.Duration {
	switch {
	case perDay >= 4:
		return quickest
	case perDay >= 1:
		return 2 * quickest
	case perDay > 0:
		return 3 * quickest
	}
	return slowest
}

func backOff(failures int) time.Duration {
	return min(quickest<<min(failures-1, 10), backOffMax)
}

// jitter spreads feeds that were added together: up to a tenth earlier or later.
func jitter(d time.Duration) time.Duration {
	return d + time.Duration((rand.Float64()-0.5)*0.2*float64(d))
}
