// Package delivery hands deliveries and notices to relays and keeps the ledger
// of what became of each: the driver of each relay under its lease, attempts
// and outcomes, retries, doubt, take-over. docs/delivery.md draws the states.
//
// The promise: an attempt is committed, with the reader's consent checked in
// the same statement, before the message's final dot is written; so after any
// crash what may have been accepted is listed, and what is not listed was not
// sent (RFC 5321 section 6.1, RFC 1047).
package delivery

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/locale"
	"vistka/internal/mailer"
	"vistka/internal/postgres"
	"vistka/internal/token"
)

// State of a delivery or a notice: the same words on every page and in every query.
type State string

const (
	Queued    State = "queued"
	Deferred  State = "deferred"
	Sending   State = "sending"
	Doubtful  State = "in doubt"
	Sent      State = "sent"
	Failed    State = "failed"
	Skipped   State = "skipped"
	Cancelled State = "cancelled"
)

// Channel is notified in the transaction that queues something.
const Channel = "vistka_delivery"

// DefaultInDoubtWait is how long a message that may have been accepted rests
// before it is sent again under the same Message-ID.
const DefaultInDoubtWait = 2 * time.Minute

// DefaultStopTimeout is how long what is under way may take when Run is asked to stop.
const DefaultStopTimeout = 30 * time.Second

// Service drives the relays. The fields are set before Run and not changed after.
type Service struct {
	DB       *pgxpool.Pool
	Keys     *token.Keys
	Hasher   *token.Hasher
	Clock    *postgres.Clock
	Relays   []mailer.RelayConfig
	BaseURL  string
	Renderer *mailer.Renderer
	Catalog  *locale.Catalog // the words of alerts
	Log      *slog.Logger

	// Holder names this installation: it is kept in the data directory, so that
	// a process restarted there takes its own relays back at once.
	Holder string
	// Accompanied says that another process of this installation may live: then
	// its leases end by themselves.
	Accompanied bool
	// Compose makes edition_body for an edition that has none yet.
	Compose func(ctx context.Context, editionID int64) error
	// SessionURL is the database for what needs a session of its own: listening,
	// and recording with a statement planned once. Empty: as DB. Set it where DB
	// goes through a pooler.
	SessionURL string

	Metrics     *Metrics      // nil: nobody looks
	InDoubtWait time.Duration // from DefaultInDoubtWait; 0 in tests: at once
	StopTimeout time.Duration // 0: DefaultStopTimeout
	Backoff     Backoff       // of a relay that takes nothing; zero: 1 s to 1 min

	probe func(point string) error // fail points of tests
	lease time.Duration            // 0: defaultLease

	timeline func(ctx context.Context) (int64, error) // nil: the database's own
}

func (s *Service) sessionURL() string {
	if s.SessionURL != "" {
		return s.SessionURL
	}
	return s.DB.Config().ConnString()
}

func (s *Service) stopTimeout() time.Duration {
	if s.StopTimeout > 0 {
		return s.StopTimeout
	}
	return DefaultStopTimeout
}

// at runs a test's fail point; an error means that the driver dies here.
func (s *Service) at(point string) error {
	if s.probe == nil {
		return nil
	}
	return s.probe(point)
}
