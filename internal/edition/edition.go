// Package edition decides which articles go to whom and when: instant editions,
// digests by slot, catching up after a pause, one language of a story per
// reader. It makes deliveries and moves marks, and never sends.
//
// The mark (subscription.seen_seq) says that everything up to it is settled for
// a reader; a row in owed is the only exception. Making a delivery and moving
// the mark are one statement, so neither a crash nor a change of cadence can
// repeat or lose an article. Every act of this package on deliveries takes the
// family's advisory lock for the length of one transaction; acts of readers
// (join, leave, pause) need no lock of ours, their row locks order them.
//
// It is the one package whose SQL may cross the tables of others.
package edition

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"vistka/internal/delivery"
	"vistka/internal/locale"
	"vistka/internal/mailer"
	"vistka/internal/postgres"
	"vistka/internal/token"
)

var (
	// ErrNotFound says that no edition has this id.
	ErrNotFound = errors.New("edition not found")
	// ErrState says that the edition's state does not allow the act.
	ErrState = errors.New("edition is not in a state for this")
	// ErrNothingToMail says that every article of the edition was withdrawn.
	ErrNothingToMail = errors.New("edition has no live article")
)

// Inserter puts a job into the caller's transaction; river's client is one.
type Inserter interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

// Renderer composes the mail of an edition.
type Renderer interface {
	CompileEdition(c mailer.EditionContent) (mailer.Compiled, error)
}

// Service plans editions. DB must be a pool: fan-out commits page by page.
type Service struct {
	DB       postgres.DB
	Clock    *postgres.Clock
	Jobs     Inserter // set after construction; only the jobs' methods need it
	Keys     *token.Keys
	BaseURL  string // of the readers' links
	Renderer Renderer
	Log      *slog.Logger

	// MaxAge is how long an edition may take to go out; 0: DefaultMaxAge.
	MaxAge time.Duration

	// KeepMonths is how many months of deliveries are kept beside the running
	// one; 0: DefaultKeepMonths.
	KeepMonths int

	// DropIfGone withdraws an article whose page is gone from the site, and
	// says whether it did. It asks the site, so it is called between
	// transactions. Nil: pages are not asked.
	DropIfGone func(ctx context.Context, articleID int64) (bool, error)

	// Alert tells the owners of an edition that only a person can help, in the
	// transaction that pauses it. Nil: nobody is told.
	Alert func(ctx context.Context, tx pgx.Tx, t delivery.Trouble)

	pageSize int // readers a page; 0: defaultPage
	seam     seam
}

// seam is where tests put acts between pages and break what must be caught.
// In production all of it is nil.
type seam struct {
	page    func() error              // before a page commits; an error rolls it back
	choose  func([]article) []article // narrows what a class is given
	had     func(state string) bool   // instead of settles
	rewrite func(sql string) string
}

func (s *Service) sql(q string) string {
	if s.seam.rewrite != nil {
		return s.seam.rewrite(q)
	}
	return q
}

const (
	// defaultPage is how many readers one transaction moves: long enough to
	// spread a commit's cost, short enough that an unsubscribe never waits long.
	defaultPage = 10_000
	// specialPage is smaller: those readers are decided one by one in Go.
	specialPage = 1_000
	// recheck is when a story that is still queued in a sibling is looked at again.
	recheck = 10 * time.Minute
	// pairingHolds is how long after two newsletters last shared a story a
	// translation is still expected; a quarter, so that a summer does not end it.
	pairingHolds = 91 * 24 * time.Hour
)

// Within is the service in a transaction of the caller's: what it changes is
// committed with it.
func (s *Service) Within(tx pgx.Tx) *Service {
	in := *s
	in.DB = tx
	return &in
}

func (s *Service) page() int {
	if s.pageSize > 0 {
		return s.pageSize
	}
	return defaultPage
}

// Edition is one mailing of a set of articles in one locale.
type Edition struct {
	ID           int64
	Month        time.Time
	NewsletterID int64
	Kind         string // instant, daily, weekly, monthly
	Slot         time.Time
	Locale       string
	ArticleIDs   []int64         // in the order of release
	State        string          // open, paused, cancelled, expired, settled
	Reason       *locale.Message // why it is not open; nil when nobody said
	ResumeAt     *time.Time      // cancelled, expired: when its articles are mailed after all
	CreatedAt    time.Time
	DroppedAt    *time.Time // when its deliveries were dropped; their totals are kept
}

// OwedUntil is when the articles of a cancelled or expired edition are mailed
// after all; nil: it is neither, or a correction, which is owed to nobody.
func (e Edition) OwedUntil() *time.Time {
	if e.Kind == Correction {
		return nil
	}
	return e.ResumeAt
}
