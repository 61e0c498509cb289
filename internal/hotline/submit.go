package hotline

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

const (
	// sameFor is how long the same words make one request: a second press, a
	// page sent again.
	sameFor = 10 * time.Minute
	// deskMails is how many mails an hour tell the desk of requests, each of one.
	// The second half of them says so. Beyond it only an hour's first request is
	// told of: more would bury the mailbox, and none would look like peace. The
	// admin pages count all of them.
	deskMails = 30
	// references are tried before we give up: of a hundred million few are taken.
	referenceTries = 5
)

// Submission is a request as it arrives. The address only decides whether it is
// one too many; it is stored nowhere, see count.
type Submission struct {
	Request
	IP         netip.Addr // zero if it cannot be known: then no limit per network
	Attested   bool       // from a listed site, or from a page of ours
	Challenged bool       // by the button of our own page
}

// Receipt is what became of a submission.
type Receipt struct {
	Decision  Decision
	Reference string // of an accepted one
}

// Submit stores a request and tells the desk, in one transaction; what keeps the
// desk from being told does not keep the request from being stored. The same
// words within ten minutes are one request with one reference. Returns
// FieldErrors for what the person can mend, ErrShut if the hotline is not open.
func (s *Service) Submit(ctx context.Context, in Submission) (Receipt, error) {
	r := in.tidy()
	r.CreatedAt = s.Clock.Now()
	if errs := r.Check(); errs != nil {
		return Receipt{}, errs
	}
	set, err := s.Settings(ctx)
	if err != nil {
		return Receipt{}, err
	}
	if !set.Open {
		return Receipt{}, ErrShut
	}
	decision, err := s.count(ctx, in)
	if err != nil || decision != Accepted {
		return Receipt{Decision: decision}, err
	}
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		fresh, err := s.store(ctx, tx, &r)
		if err != nil || !fresh {
			return err
		}
		if err := postgres.InTx(ctx, tx, func(tx pgx.Tx) error { return s.tellDesk(ctx, tx, set, r) }); err != nil {
			s.Log.ErrorContext(ctx, "the hotline's desk is not mailed of a request; it is in the admin pages", "request", r.ID, "error", err)
		}
		return nil
	})
	if err != nil {
		return Receipt{}, fmt.Errorf("store hotline request: %w", err)
	}
	return Receipt{Decision: Accepted, Reference: r.Reference}, nil
}

// store puts r in and gives it id and reference. It reports false, and the
// reference of the first, if the same words are there already.
func (s *Service) store(ctx context.Context, tx pgx.Tx, r *Request) (fresh bool, err error) {
	digest, since := r.digest(r.CreatedAt), r.CreatedAt.Add(-sameFor)
	earlier := r.digest(since) // of who pressed just before the ten minutes of digest began
	for range referenceTries {
		err := tx.QueryRow(ctx, sqlInsert, pgx.StrictNamedArgs{
			"reference": NewReference(), "digest": digest, "kind": r.Kind, "language": r.Language, "name": r.Name, "phone": r.Phone,
			"best_time": r.BestTime, "subject": r.Subject, "text": r.Text, "contact": r.Contact, "now": r.CreatedAt,
			"earlier": earlier, "since": since,
		}).Scan(&r.ID, &r.Reference)
		if !errors.Is(err, pgx.ErrNoRows) {
			return err == nil, err
		}
		// Something is taken: the words, else the reference.
		err = tx.QueryRow(ctx, sqlSame, pgx.StrictNamedArgs{"digest": digest, "earlier": earlier, "since": since}).Scan(&r.Reference)
		if !errors.Is(err, pgx.ErrNoRows) {
			return false, err
		}
	}
	return false, errors.New("every reference that was tried is taken")
}

// digest is the same for the same words in the same ten minutes of the clock.
func (r Request) digest(at time.Time) []byte {
	h := sha256.New()
	_ = binary.Write(h, binary.BigEndian, at.Truncate(sameFor).Unix()) // a hash takes everything
	for _, s := range []string{string(r.Kind), r.Language, r.Name, r.Phone, r.BestTime, r.Subject, r.Text, r.Contact} {
		_ = binary.Write(h, binary.BigEndian, int64(len(s)))
		h.Write([]byte(s))
	}
	return h.Sum(nil)
}

// tellDesk asks for a mail to each address of the desk.
func (s *Service) tellDesk(ctx context.Context, tx pgx.Tx, set Settings, r Request) error {
	var lately, thisHour int
	err := tx.QueryRow(ctx, sqlCame, pgx.StrictNamedArgs{
		"since": r.CreatedAt.Add(-time.Hour), "hour": r.CreatedAt.Truncate(time.Hour),
	}).Scan(&lately, &thisHour)
	if err != nil || lately > deskMails && thisHour > 1 {
		return err
	}
	n := Notice{RequestID: r.ID, Reference: r.Reference, Kind: r.Kind, Locale: set.DeskLocale, Busy: lately > deskMails/2}
	if len(set.Desk) > 0 && len(set.DeskKeys) > 0 {
		zone := time.UTC
		if s.Zone != nil {
			if zone, err = s.Zone(ctx, tx, set.DeskLocale); err != nil {
				return err
			}
		}
		text := r.letter(s.Catalog.For(set.DeskLocale), zone)
		if n.Sealed, err = seal(text, set.DeskKeys); err != nil {
			n.Unsealed = true
			s.Log.ErrorContext(ctx, "the hotline's desk is mailed without what a request says: its keys cannot be used; check them in the hotline's settings",
				"request", r.ID, "error", err)
		}
	}
	for _, n.Address = range set.Desk {
		if err := s.Notify(ctx, tx, n); err != nil {
			return err
		}
	}
	return nil
}
