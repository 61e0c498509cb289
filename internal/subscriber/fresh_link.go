package subscriber

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/mailer"
	"vistka/internal/postgres"
	"vistka/internal/suppression"
	"vistka/internal/token"
)

// FreshFor is how long a link works that was mailed on request.
const FreshFor = 30 * time.Minute

// ErrStale says that a fresh link is ours but works no more: its time is over,
// mail has come to another address since, or a change of address was stopped.
var ErrStale = errors.New("subscriber: the fresh link is stale")

// ErrMoved is the ErrStale of a link whose time is not over: it was mailed to the
// address of before.
var ErrMoved = fmt.Errorf("%w: mail comes to another address since", ErrStale)

// ErrKept is the ErrStale of a link that was mailed before the reader stopped a
// change of address: whoever asked for that had such a link.
var ErrKept = fmt.Errorf("%w: a change of address was stopped since", ErrStale)

const (
	freshSize     = 12 + 8 + freshMailbox // octets
	freshMailbox  = 8                     // of the hash of the address
	freshDeadline = 12                    // where it begins
)

// FreshPayload is what a fresh link is bound to: reader, deadline, and the
// mailbox it is mailed to, by the keyed hash of its address.
func FreshPayload(newsletterID, subscriberID int64, until time.Time, mailbox []byte) []byte {
	out := token.Pair(uint32(newsletterID), uint64(subscriberID))
	out = binary.BigEndian.AppendUint64(out, uint64(until.Unix()))
	return append(out, mailbox[:freshMailbox]...)
}

// Fresh is the reader behind a fresh link. It may see everything stored about
// them, in every newsletter: the link came from their mailbox minutes ago.
type Fresh struct {
	Reader
	Address string
	Until   time.Time // the link works so long
	address emailaddr.Address
}

// Fresh reads who is behind a fresh link. Returns token.ErrInvalid if it is not
// one of ours, ErrStale if its time is over, ErrMoved if the address was changed
// since, ErrKept if a change of it was stopped since, ErrNoReader if nothing is stored about the reader any more.
func (s *Service) Fresh(ctx context.Context, link string) (Fresh, error) {
	payload, err := s.Keys.Verify(token.Fresh, link)
	if err != nil || len(payload) != freshSize {
		return Fresh{}, token.ErrInvalid
	}
	newsletterID, subscriberID, err := splitPair(payload[:freshDeadline])
	if err != nil {
		return Fresh{}, err
	}
	f := Fresh{Until: time.Unix(int64(binary.BigEndian.Uint64(payload[freshDeadline:])), 0).UTC()}
	if f.Reader, f.address, err = readReader(ctx, s.DB, newsletterID, subscriberID); err != nil {
		return f, fmt.Errorf("fresh link of %d: %w", subscriberID, err)
	}
	if !s.Clock.Now().Before(f.Until) {
		return f, ErrStale
	}
	if !bytes.Equal(s.hash(f.address)[:freshMailbox], payload[freshSize-freshMailbox:]) {
		return f, ErrMoved
	}
	f.Address = f.address.String()
	return f, f.open(f.Reader)
}

// open returns ErrKept if the reader, as stored now, closed the links of before. A
// link knows the second that it was mailed in: one of the same second is closed too.
func (f Fresh) open(now Reader) error {
	if now.keptAt.Before(f.Until.Add(-FreshFor)) {
		return nil
	}
	return ErrKept
}

// stillOpen is open under the locks of an act. Who is stored no more has nothing to
// be kept from.
func (s *Service) stillOpen(ctx context.Context, tx pgx.Tx, f Fresh) error {
	r, _, err := readReader(ctx, tx, f.NewsletterID, f.SubscriberID)
	switch {
	case errors.Is(err, ErrNoReader):
		return nil
	case err != nil:
		return err
	}
	return f.open(r)
}

// Linked is what comes of asking for a fresh link.
type Linked struct {
	Reader
	Sent    bool // it is on its way; else it was asked for too often, or Stopped
	Stopped bool // the address is never mailed: only a person can help
}

// MailLink mails a fresh link to the reader's own address, whoever asks for it:
// from a link in any of our mails, or from a fresh one that is stale. An ended
// subscription asks too. While one is on its way, or was sent a moment ago, the
// answer is the same and no other is mailed. Returns token.ErrInvalid or
// ErrNoReader.
func (s *Service) MailLink(ctx context.Context, link string) (Linked, error) {
	newsletterID, subscriberID, err := s.reader(link, token.Preferences, token.Unsubscribe)
	if err != nil {
		payload, failed := s.Keys.Verify(token.Fresh, link)
		if failed != nil || len(payload) != freshSize {
			return Linked{}, token.ErrInvalid
		}
		if newsletterID, subscriberID, err = splitPair(payload[:freshDeadline]); err != nil {
			return Linked{}, err
		}
	}
	var l Linked
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		var address emailaddr.Address
		if l.Reader, address, err = readReader(ctx, tx, newsletterID, subscriberID); err != nil {
			return err
		}
		reason, err := suppression.Has(ctx, tx, s.hash(address))
		if err != nil || reason.StopsEditions() {
			l.Stopped = true
			return err
		}
		if l.Sent, err = s.underWay(ctx, tx, subscriberID, address, AboutData, nil); err != nil || l.Sent {
			return err
		}
		if l.Sent, err = s.claim(ctx, tx, s.limitHash(address), "link", linkLimits); err != nil || !l.Sent {
			return err
		}
		return s.Notify(ctx, tx, Notice{
			Kind: NoticeLink, About: AboutData, Locale: l.Locale, NewsletterID: newsletterID, SubscriberID: subscriberID,
		})
	})
	if err != nil {
		return Linked{}, fmt.Errorf("mail a link to %d: %w", subscriberID, err)
	}
	return l, nil
}

// underWay reports whether the reader gets the same mail that nobody need ask for
// again: about a fresh link or, with these records, a receipt. It locks as claim
// does, so that of two presses at once the second sees the mail of the first.
func (s *Service) underWay(
	ctx context.Context, tx pgx.Tx, subscriberID int64, address emailaddr.Address, about string, records []mailer.Record,
) (is bool, err error) {
	if _, err := tx.Exec(ctx, lockLimit, pgx.StrictNamedArgs{"key": lockKey(s.limitHash(address))}); err != nil {
		return false, err
	}
	now := s.Clock.Now()
	err = tx.QueryRow(ctx, underWay, pgx.StrictNamedArgs{
		"subscriber": subscriberID, "about": about, "records": records, "moment": now.Add(-resendAfter), "stale": now.Add(-FreshFor),
	}).Scan(&is)
	return is, err
}

// Halted reports whether no mail goes out at all.
func (s *Service) Halted(ctx context.Context) (halted bool, err error) {
	if err := s.DB.QueryRow(ctx, isHalted).Scan(&halted); err != nil {
		return false, fmt.Errorf("look whether mail goes out: %w", err)
	}
	return halted, nil
}

func splitPair(payload []byte) (newsletterID, subscriberID int64, err error) {
	a, b, err := token.SplitPair(payload)
	return int64(a), int64(b), err
}
