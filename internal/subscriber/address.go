package subscriber

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/postgres"
	"vistka/internal/suppression"
	"vistka/internal/token"
)

// NewAddressToken is the link that the new mailbox confirms a change with.
func NewAddressToken(k *token.Keys, newsletterID, change int64) string {
	return k.Sign(token.NewAddress, AddressPayload(newsletterID, change))
}

// KeepAddressToken is the link that the old mailbox stops a change with.
func KeepAddressToken(k *token.Keys, newsletterID, change int64) string {
	return k.Sign(token.KeepAddress, AddressPayload(newsletterID, change))
}

// AddressPayload is what both links are bound to.
func AddressPayload(newsletterID, change int64) []byte {
	return token.Pair(uint32(newsletterID), uint64(change))
}

// ErrSameAddress says that mail comes to this address already.
var ErrSameAddress = errors.New("subscriber: that is the address already")

// ErrTooOften says that a reader asked for other addresses too often lately.
var ErrTooOften = errors.New("subscriber: asked too often")

// changeLimits are of one reader's wishes for another address.
var changeLimits = limit{quarter: 8, day: 10, month: 20}

// AskAddress asks for mail to come to another address: the new mailbox gets a
// link that confirms it, the old one a link that stops it. A wish that still
// waits is replaced; the same one, pressed twice, is one. What it answers is the
// same whatever is known about the new address; one that a sign-up would not be
// confirmed to, or that has had its share of mails, gets none. Returns
// ErrSameAddress, ErrTooOften, and the errors of Fresh.
func (s *Service) AskAddress(ctx context.Context, link string, a emailaddr.Address) (Fresh, error) {
	f, err := s.Fresh(ctx, link)
	if err != nil {
		return f, err
	}
	if a.Key() == f.address.Key() {
		return f, ErrSameAddress
	}
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error { return s.askAddress(ctx, tx, f, a) })
	if err != nil {
		return f, fmt.Errorf("ask for another address of %d: %w", f.SubscriberID, err)
	}
	return f, nil
}

func (s *Service) askAddress(ctx context.Context, tx pgx.Tx, f Fresh, a emailaddr.Address) error {
	now := s.Clock.Now()
	var current string
	err := tx.QueryRow(ctx, lockSubscriber, pgx.StrictNamedArgs{"id": f.SubscriberID}).Scan(&current)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNoReader
	}
	if err != nil {
		return err
	}
	if current != f.Address { // changed since the link was read
		return ErrMoved
	}
	if err := s.stillOpen(ctx, tx, f); err != nil {
		return err
	}
	var again bool
	if err := tx.QueryRow(ctx, asksAgain, pgx.StrictNamedArgs{
		"subscriber": f.SubscriberID, "address": a.String(), "moment": now.Add(-repeatWithin),
	}).Scan(&again); err != nil || again {
		return err
	}
	// Each wish mails both mailboxes, whoever else has one of them.
	if ok, err := s.claim(ctx, tx, s.limitHash(f.address), "address", changeLimits); err != nil || !ok {
		return cmp.Or(err, ErrTooOften)
	}
	if _, err := tx.Exec(ctx, replaceChange, pgx.StrictNamedArgs{"subscriber": f.SubscriberID, "now": now}); err != nil {
		return err
	}
	var id int64
	err = tx.QueryRow(ctx, addChange, pgx.StrictNamedArgs{
		"subscriber": f.SubscriberID, "newsletter": f.NewsletterID, "locale": f.Locale, "address": a.String(), "key": a.Key(),
		"old": s.hash(f.address), "now": now, "expires": now.Add(ChangeWithin),
	}).Scan(&id)
	if err != nil {
		return err
	}
	may, err := s.claim(ctx, tx, s.limitHash(a), "confirmation", limit{capQuarter, capDay, capMonth})
	if err != nil {
		return err
	}
	reason, err := suppression.Has(ctx, tx, s.hash(a))
	if err != nil {
		return err
	}
	n := Notice{Kind: NoticeLink, Locale: f.Locale, NewsletterID: f.NewsletterID, Change: id, Masked: a.MaskedBeside(f.address)}
	// Neither names the subscriber: that the new mailbox does not exist must not
	// be held against the old one.
	if may && !reason.StopsConfirmation() {
		n.About, n.Address = AboutNewAddress, a.String()
		if err := s.Notify(ctx, tx, n); err != nil {
			return err
		}
	}
	n.About, n.Address = AboutOldAddress, f.Address
	return s.Notify(ctx, tx, n)
}

// ChangeState is what a wish for another address has come to.
type ChangeState string

const (
	ChangeWaiting   ChangeState = "waiting"
	ChangeDone      ChangeState = "done"
	ChangeCancelled ChangeState = "cancelled"
	ChangeOver      ChangeState = "over"  // not confirmed in time, replaced, or no longer stored
	ChangeTaken     ChangeState = "taken" // the new address is another subscriber's, or is never mailed
)

// AddressChange is a wish for another address as its pages show it.
type AddressChange struct {
	State        ChangeState
	NewsletterID int64
	Locale       string // empty where the wish is no longer stored
	Old, New     string // masked, so that each is told from the other; New only while it waits
	Typed        string // the new one in full, for who has its mailbox or asked for it
	Preferences  string // token of the preference centre, once it is done
	Closed       bool   // the links to the data of before are, from the old mailbox
	Closable     bool   // they can be: the change has ended some other way, and the mailbox is still the reader's
}

type change struct {
	ID           int64
	SubscriberID int64
	NewsletterID int64
	Locale       string
	State        ChangeState
	Address      string // empty unless it waits
	ExpiresAt    time.Time
	Current      string // the subscriber's address now
	Moved        bool   // which is another than when this was wished
	Closed       bool   // the old mailbox was kept after it had ended, or by ending it
}

func (c change) shown(s *Service, now time.Time) AddressChange {
	out := AddressChange{State: c.State, NewsletterID: c.NewsletterID, Locale: c.Locale, Closed: c.Closed}
	if c.State == ChangeWaiting && !c.ExpiresAt.After(now) {
		out.State = ChangeOver
	}
	old, err := emailaddr.Parse(c.Current)
	if err == nil {
		out.Old = old.Masked()
	}
	if a, err := emailaddr.Parse(c.Address); err == nil {
		out.New, out.Typed = a.MaskedBeside(old), a.String()
	}
	if c.State == ChangeDone {
		out.Preferences = PreferencesToken(s.Keys, c.NewsletterID, c.SubscriberID)
	}
	return out
}

// WaitingAddress is the address that mail is wished to come to and that has not
// confirmed it yet, as its reader typed it; empty: none. Whoever asks has a fresh
// link.
func (s *Service) WaitingAddress(ctx context.Context, f Fresh) (address string, err error) {
	err = s.DB.QueryRow(ctx, waitingAddress, pgx.StrictNamedArgs{"subscriber": f.SubscriberID, "now": s.Clock.Now()}).Scan(&address)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("waiting address of %d: %w", f.SubscriberID, err)
	}
	return address, nil
}

// toOld is shown, for the old mailbox: what matters there is whether mail still
// comes to it, whichever wish has moved it.
func (c change) toOld(s *Service, now time.Time) AddressChange {
	out := c.shown(s, now)
	if c.Moved {
		out.State = ChangeDone
	}
	out.Closable = !c.Closed && (out.State == ChangeCancelled || out.State == ChangeOver)
	return out
}

// AddressPage tells what the page behind the new mailbox's link shows; it
// changes nothing. Returns token.ErrInvalid if the link is not one of ours.
func (s *Service) AddressPage(ctx context.Context, link string) (AddressChange, error) {
	return s.addressPage(ctx, link, token.NewAddress, getChange, change.shown)
}

// KeepPage is AddressPage for the old mailbox's link.
func (s *Service) KeepPage(ctx context.Context, link string) (AddressChange, error) {
	return s.addressPage(ctx, link, token.KeepAddress, getStoppable, change.toOld)
}

func (s *Service) addressPage(ctx context.Context, link string, p token.Purpose, sql string, shown func(change, *Service, time.Time) AddressChange) (AddressChange, error) {
	newsletterID, id, err := s.reader(link, p)
	if err != nil {
		return AddressChange{}, err
	}
	c, err := readChange(ctx, s.DB, sql, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return AddressChange{State: ChangeOver, NewsletterID: newsletterID}, nil
	}
	if err != nil {
		return AddressChange{}, fmt.Errorf("address change %d: %w", id, err)
	}
	return shown(c, s, s.Clock.Now()), nil
}

func readChange(ctx context.Context, db postgres.DB, sql string, id int64) (change, error) {
	rows, err := db.Query(ctx, sql, pgx.StrictNamedArgs{"id": id})
	if err != nil {
		return change{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[change])
}
