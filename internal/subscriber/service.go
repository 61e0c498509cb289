// Package subscriber owns the people who asked for mail: sign-up,
// confirmation (double opt-in), preferences, leaving (RFC 8058), the proof of
// consent, export and erasure. Nobody becomes a subscriber without a
// confirming act, and what the form answers never tells who is one.
package subscriber

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/emailaddr"
	"vistka/internal/mailer"
	"vistka/internal/postgres"
	"vistka/internal/token"
)

// Service holds what the use cases need. Notify, Changed and OnSpent are set
// after construction, before the first request.
type Service struct {
	DB     *pgxpool.Pool
	Keys   *token.Keys
	Hasher *token.Hasher
	Clock  *postgres.Clock
	Log    *slog.Logger

	// Budget is how many mails an hour answer sign-ups; 0: DefaultBudget. All
	// processes are given the same.
	Budget int
	// ProofOfWork is when sign-ups are asked for work. All processes are given
	// the same.
	ProofOfWork ProofOfWork
	// Taken lets RunAnswers know at once of a sign-up of this process, of one
	// slot; nil: it looks each second.
	Taken chan struct{}
	// Turns bounds how many sign-ups are with the database at a time, by its
	// room; nil: nothing does.
	Turns chan struct{}

	// Notify queues mails to one person each; they go out once tx commits.
	Notify func(ctx context.Context, tx pgx.Tx, all ...Notice) error
	// Changed plans a fan-out of the newsletter: somebody became an instant
	// reader, or came back, and may be behind. Nil: nobody waits for it.
	Changed func(ctx context.Context, tx pgx.Tx, newsletterID int64) error
	// OnSpent is told when the budget is spent and mails begin to be held. Nil:
	// nobody is.
	OnSpent func(ctx context.Context, tx pgx.Tx)
}

// NoticeKind says which mail a Notice asks for.
type NoticeKind string

const (
	NoticeConfirmation NoticeKind = "confirmation" // names a sign-up
	NoticeSettings     NoticeKind = "settings"     // "you are on the list": names a subscriber
	NoticeWelcome      NoticeKind = "welcome"      // names a subscriber
	NoticeLink         NoticeKind = "link"         // what somebody asked for on their own pages: About says which
)

// What a NoticeLink is about.
const (
	AboutData       = "data"          // a fresh link: names a subscriber
	AboutReceipt    = "receipt"       // Records: names a subscriber
	AboutNewAddress = "new address"   // to Address: confirms Change
	AboutOldAddress = "old address"   // to Address: can stop Change, to Masked
	AboutMoved      = "moved address" // Change is done: names a subscriber
)

// Notice is a mail to one person that is not an edition. Ids that are 0 are absent.
type Notice struct {
	Kind         NoticeKind
	Locale       string
	NewsletterID int64
	SignupID     int64
	SubscriberID int64
	AskedAt      time.Time // when the form was sent: settings

	About   string          // link
	Records []mailer.Record // receipt
	Address string          // of who is neither a sign-up nor mailed as a subscriber
	Change  int64           // of address
	Masked  string          // the address that Change leads to
}

// Evidence is where an act came from, kept beside its consent event.
type Evidence struct {
	PageURL   string
	IP        netip.Addr
	UserAgent string
	Wording   string // the words beside the button, or ForeignWording; they outlive the person's data
	Locale    string // in which they were shown; empty: the person's
}

const (
	maxURL       = 2000 // octets kept of an address of a page
	maxUserAgent = 400  // octets kept of a User-Agent
)

func (e Evidence) clipped() Evidence {
	e.PageURL, e.UserAgent = clip(e.PageURL, maxURL), clip(e.UserAgent, maxUserAgent)
	return e
}

// hash is how an address is known without being stored.
func (s *Service) hash(a emailaddr.Address) []byte { return s.Hasher.Sum(a.Key()) }

// limitHash counts mails to one mailbox, its spellings folded.
func (s *Service) limitHash(a emailaddr.Address) []byte {
	return s.Hasher.Sum("limit " + a.LimitKey())
}

func (s *Service) changed(ctx context.Context, tx pgx.Tx, newsletterID int64) error {
	if s.Changed == nil {
		return nil
	}
	return s.Changed(ctx, tx, newsletterID)
}

// addrOrNull is ip for an inet column; an address that is not known is null.
func addrOrNull(ip netip.Addr) *netip.Addr {
	if !ip.IsValid() {
		return nil
	}
	ip = ip.Unmap().WithZone("")
	return &ip
}
