package subscriber

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/postgres"
	"vistka/internal/suppression"
	"vistka/internal/token"
)

// Outcome is what a confirmation comes to; the page has words for each.
type Outcome string

// Renews reports whether the page of the link offers a fresh mail.
func (o Outcome) Renews() bool {
	return o == Expired || o == Replaced || o == HasLeft || o == Used
}

const (
	Ready      Outcome = "ready"      // the page may show the button
	Confirmed  Outcome = "confirmed"  // just now
	Already    Outcome = "already"    // a second visit
	Expired    Outcome = "expired"    // too old; from here to Used a fresh mail is offered (Renew)
	Replaced   Outcome = "replaced"   // a newer mail was asked for, whose link works
	HasLeft    Outcome = "has left"   // confirmed, and the reader has left since
	Used       Outcome = "used"       // confirmed, and the address has no subscription any more: it moved to another
	Invalid    Outcome = "invalid"    // no link of ours
	Suppressed Outcome = "suppressed" // never mailed: bounced, reported, or by hand
	Refused    Outcome = "refused"    // "this wasn't me" was pressed: no mail comes until an editor lifts it
	Closed     Outcome = "closed"     // the newsletter is archived: it mails nobody any more
	WrongCode  Outcome = "wrong code"
	NoCode     Outcome = "no code"    // not six digits
	CodeSpent  Outcome = "code spent" // five wrong codes or 30 minutes; the link in the mail still works
)

// Confirmation is an Outcome with what the page shows beside it. Fields are
// zero where the outcome does not know them.
type Confirmation struct {
	Outcome      Outcome
	NewsletterID int64
	SubscriberID int64
	Locale       string
	ArticleURL   string // where the reader came from
	Masked       string // the address, masked
	Preferences  string // token of the preference centre, after Confirmed and Already
	TriesLeft    int    // after WrongCode
	Leave        string // token of the page that takes leaving back, after HasLeft while that can be done
	CodeOver     bool   // Ready, and five wrong codes were typed: only the button confirms
	Link         string // token of the confirmation's link, after Confirmed and Already by code
}

// pending is a sign-up as stored.
type pending struct {
	NewsletterID int64
	Address      string
	Locale       string
	Generation   int32
	ArticleURL   string `db:"article_url"`
	PageURL      string `db:"page_url"`
	Wording      string
	Attested     bool
	IP           *netip.Addr `db:"ip"`
	UserAgent    string
	CreatedAt    time.Time
	ExpiresAt    time.Time
	ConfirmedAt  *time.Time
	CodeTries    int
	Archived     bool // the newsletter

	address emailaddr.Address
}

// ConfirmPage tells what the page behind a link shows. It changes nothing,
// however often it is asked: scanners open links.
func (s *Service) ConfirmPage(ctx context.Context, link string) (Confirmation, error) {
	id, generation, err := s.signup(token.Confirm, link)
	if err != nil {
		return Confirmation{Outcome: Invalid}, nil
	}
	g, err := s.pending(ctx, s.DB, getSignup, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Confirmation{Outcome: Expired}, nil
	}
	if err != nil {
		return Confirmation{}, fmt.Errorf("confirm page of sign-up %d: %w", id, err)
	}
	c, err := s.judge(ctx, s.DB, g, generation, s.Clock.Now())
	if err != nil {
		return c, fmt.Errorf("confirm page of sign-up %d: %w", id, err)
	}
	return c, nil
}

// Confirm makes the subscriber. Any number of presses, also at once, make
// one; the others are Already.
func (s *Service) Confirm(ctx context.Context, link string, ev Evidence) (Confirmation, error) {
	id, generation, err := s.signup(token.Confirm, link)
	if err != nil {
		return Confirmation{Outcome: Invalid}, nil
	}
	var c Confirmation
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) (err error) {
		c, err = s.confirm(ctx, tx, id, generation, "link", ev)
		return err
	})
	if err != nil {
		return Confirmation{}, fmt.Errorf("confirm sign-up %d: %w", id, err)
	}
	return c, nil
}

// confirm is one transaction: the sign-up's row lock orders those who press
// at once.
func (s *Service) confirm(ctx context.Context, tx pgx.Tx, id int64, generation int32, source string, ev Evidence) (Confirmation, error) {
	g, err := s.pending(ctx, tx, lockSignup, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Confirmation{Outcome: Expired}, nil
	}
	if err != nil {
		return Confirmation{}, err
	}
	now := s.Clock.Now()
	c, err := s.judge(ctx, tx, g, generation, now)
	if err != nil || c.Outcome != Ready {
		return c, err
	}
	// Whoever asked to be forgotten, or for no more confirmations, and now
	// confirms, has changed their mind.
	if _, err := suppression.Remove(ctx, tx, s.hash(g.address), suppression.Erased, suppression.NotMe); err != nil {
		return c, err
	}
	c.SubscriberID, err = s.join(ctx, tx, g, now)
	if err != nil {
		return c, err
	}
	if _, err := tx.Exec(ctx, markConfirmed, pgx.StrictNamedArgs{"id": id, "now": now, "subscriber": c.SubscriberID}); err != nil {
		return c, err
	}
	asked := consent{Kind: "requested", Source: "form", At: g.CreatedAt, Evidence: Evidence{PageURL: standing(g.ArticleURL, g.PageURL), UserAgent: g.UserAgent, Wording: g.Wording}}
	if g.IP != nil {
		asked.IP = *g.IP
	}
	for _, e := range []consent{asked, {Kind: "confirmed", Source: source, At: now, Evidence: ev}} {
		if err := s.consent(ctx, tx, g.NewsletterID, g.address, g.Locale, e); err != nil {
			return c, err
		}
	}
	c.Outcome = Confirmed
	c.Preferences = PreferencesToken(s.Keys, c.NewsletterID, c.SubscriberID)
	return c, s.countConfirmed(ctx, tx, g)
}

// judge says what a link may still do.
func (s *Service) judge(ctx context.Context, db postgres.DB, g pending, generation int32, now time.Time) (Confirmation, error) {
	c := Confirmation{NewsletterID: g.NewsletterID, Locale: g.Locale, ArticleURL: g.ArticleURL, Masked: g.address.Masked()}
	if g.Archived {
		c.Outcome = Closed
		return c, nil
	}
	var reader int64
	var endedAt *time.Time
	err := db.QueryRow(ctx, subscriptionOf, pgx.StrictNamedArgs{"newsletter": g.NewsletterID, "key": g.address.Key()}).Scan(&reader, &endedAt)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
	case err != nil:
		return c, err
	case endedAt == nil:
		c.Outcome, c.SubscriberID, c.Preferences = Already, reader, PreferencesToken(s.Keys, c.NewsletterID, reader)
		return c, nil
	}
	reason, err := suppression.Has(ctx, db, s.hash(g.address))
	switch {
	case err != nil:
		return c, err
	case reason.StopsEditions() && reason != suppression.Erased:
		c.Outcome = Suppressed
	case reason == suppression.NotMe && !g.ExpiresAt.After(now):
		c.Outcome = Refused
	case g.ConfirmedAt != nil && endedAt != nil:
		c.Outcome = HasLeft
		if now.Sub(*endedAt) <= undoWithin {
			c.Leave = UnsubscribeToken(s.Keys, c.NewsletterID, reader)
		}
	case g.ConfirmedAt != nil:
		c.Outcome = Used
	case !g.ExpiresAt.After(now):
		c.Outcome = Expired
	case g.Generation != generation:
		c.Outcome = Replaced
	default:
		c.Outcome, c.CodeOver = Ready, g.CodeTries >= codeTries
	}
	return c, nil
}

func (s *Service) pending(ctx context.Context, db postgres.DB, sql string, id int64) (pending, error) {
	rows, err := db.Query(ctx, sql, pgx.StrictNamedArgs{"id": id})
	if err != nil {
		return pending{}, err
	}
	g, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByNameLax[pending])
	if err != nil {
		return g, err
	}
	g.address, err = emailaddr.Parse(g.Address)
	return g, err
}
