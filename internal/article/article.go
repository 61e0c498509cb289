// Package article owns feeds as polled, articles as recognised, and the decision
// what to do with each, with its reason. An entry becomes an article once, by its
// keys; an article waits out the newsletter's grace time, its page is asked, and
// then it is released: it gets the newsletter's next seq and belongs to editions.
//
// Network calls are made outside transactions: fetch, then record; check the
// page, then release. Two processes may do all of it at once.
package article

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"vistka/internal/feed"
	"vistka/internal/locale"
	"vistka/internal/postgres"
)

// State of an article; the same words in the database and on every page.
type State string

// States. Baseline was there before we looked; never and dropped are final
// unless a person releases them; withdrawn was released and taken back.
const (
	Baseline  State = "baseline"
	Waiting   State = "waiting"
	Held      State = "held"
	Released  State = "released"
	Never     State = "never"
	Dropped   State = "dropped"
	Withdrawn State = "withdrawn"
)

// Errors by meaning.
var (
	ErrNotFound  = errors.New("not found")
	ErrState     = errors.New("not possible in this state")
	ErrNotLive   = errors.New("page does not answer")
	ErrNotActive = errors.New("feed is not polled")
	ErrCursor    = errors.New("unreadable cursor")
)

// Fetcher is what the web is asked through: a *feed.Fetcher, or a lab in tests.
type Fetcher interface {
	Fetch(ctx context.Context, r feed.Request) (feed.Response, error)
	CheckPage(ctx context.Context, url string) feed.PageStatus
	Discover(ctx context.Context, pageURL string) ([]feed.Candidate, error)
}

// Inserter puts a job into the caller's transaction.
type Inserter interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

// Hook is called in the transaction that releases, withdraws or restores.
type Hook func(ctx context.Context, tx pgx.Tx, newsletterID, articleID, seq int64) error

// FeedTrouble is a feed that somebody should look at.
type FeedTrouble struct {
	FeedID       int64
	NewsletterID int64  // one that reads it; 0: none
	Name         string // its title, or its address
	Problem      *locale.Message
	Gone         bool // the site says for good; else it keeps failing and is asked again
}

// Grace is an article that waits for its time.
type Grace struct {
	NewsletterID int64
	ArticleID    int64
	Title        string
	DueAt        time.Time
}

// Service does it all. Jobs and the hooks may be nil: without Jobs what falls
// due waits for the next tick; without OnRestore a withdrawn article stays so.
type Service struct {
	DB      postgres.DB
	Fetcher Fetcher
	Clock   *postgres.Clock
	Jobs    Inserter
	Log     *slog.Logger

	OnRelease  Hook // plan the edition
	OnWithdraw Hook // cancel what is queued
	OnRestore  Hook // the article keeps its seq and is owed again
	OnUnpair   Hook // owed to those who went without it because of a translation

	// LockFamily keeps fan-outs of the article's family away until tx ends; nil: there are none.
	LockFamily func(ctx context.Context, tx pgx.Tx, articleID int64) error

	// OnGrace is called in the transaction that finds an article which goes out
	// when its grace time ends, so that somebody can stop it.
	OnGrace func(ctx context.Context, tx pgx.Tx, g Grace) error

	OnFeedTrouble func(ctx context.Context, tx pgx.Tx, t FeedTrouble) // tell somebody
}

// Policy of deciding, with its reasons.
const (
	burstFloor  = 5                   // so many at once are never a burst
	burstFactor = 3                   // times what the feed usually brings in that time
	oldAge      = 30 * 24 * time.Hour // first seen today, dated before: someone back-filled
	rateWindow  = 30 * 24 * time.Hour
	liveFor     = 72 * time.Hour  // a page that is not live for so long is given up
	checkLease  = 2 * time.Minute // above feed.FetchTimeout
	claimBatch  = 50
)

func call(ctx context.Context, h Hook, tx pgx.Tx, newsletterID, articleID, seq int64) error {
	if h == nil {
		return nil
	}
	return h(ctx, tx, newsletterID, articleID, seq)
}
