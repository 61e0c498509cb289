package subscriber

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/altcha"
	"vistka/internal/emailaddr"
	"vistka/internal/newsletter"
	"vistka/internal/postgres"
	"vistka/internal/token"
)

// ForeignWording stands in the proof of consent where the words were not ours: a
// form on a site, or a program's own.
const ForeignWording = "the words of a form that is not ours"

// SignUpRequest is what a form sent, checked for form only.
type SignUpRequest struct {
	NewsletterID int64
	Address      emailaddr.Address
	Locale       string // language of the page, of the mail, and of the subscription to come
	ArticleURL   string // the article under which the form stood
	PageURL      string // the page with the form
	Wording      string // the words beside the button, or ForeignWording
	Attested     bool   // a listed Origin or a valid form token
	Challenged   bool   // from the button of our own page
	Mailed       bool   // by a link that only the address's mailbox has
	Proof        altcha.Proof
	IP           netip.Addr
	UserAgent    string
}

func (r SignUpRequest) origin() Origin {
	return Origin{IP: r.IP, Attested: r.Attested, Challenged: r.Challenged, Mailed: r.Mailed, Proof: r.Proof}
}

// SignUpResult is the same for every address, but for the handle, which tells
// nothing. Handle is empty unless Decision is Accepted.
type SignUpResult struct {
	Admission
	Handle string
}

// SignUp records a request and owes it the mail that RunAnswers sends: only
// there the address is looked up. It runs the same statements whatever is known
// of the address, so that neither the answer nor its time tells. Whoever presses
// twice is answered twice, and mailed once. Returns
// newsletter.ErrNotFound if there is no such newsletter or it is archived.
func (s *Service) SignUp(ctx context.Context, r SignUpRequest) (SignUpResult, error) {
	admission, h, err := s.signUp(ctx, r, s.Clock.Now())
	if err != nil {
		return SignUpResult{}, fmt.Errorf("sign up for newsletter %d: %w", r.NewsletterID, err)
	}
	if admission.Decision != Accepted {
		return SignUpResult{Admission: admission}, nil
	}
	s.taken()
	return SignUpResult{Admission: admission, Handle: s.seal(h)}, nil
}

// signUp is one transaction in one round trip: statements that are sent
// together are committed together.
func (s *Service) signUp(ctx context.Context, r SignUpRequest, now time.Time) (Admission, handle, error) {
	v := verdict{origin: r.origin()}
	h := handle{sentAt: now, sent: 1}
	args := s.signUpArgs(r, now)
	batch := &pgx.Batch{}
	// The lock is a statement of its own: the next one must see what its
	// predecessor counted.
	batch.Queue(lockUnlessOver, pgx.StrictNamedArgs{
		"key": lockKey(args["limit"].([]byte)), "keys": args["keys"], "bucket": args["bucket"], "host": args["host"],
		"per_host": args["per_host"], "per_network": args["per_network"],
	})
	signUpStatement.Queue(batch, args).QueryRow(func(row pgx.Row) error {
		return row.Scan(&v.over, &v.beyond, &v.unproven, &v.proven, &v.delayed, &v.halted, &h.signupID, &h.generation)
	})
	err := s.inTurn(ctx, func() error { return s.DB.SendBatch(ctx, batch).Close() })
	admission := v.admission()
	if err == nil && admission.Decision == Accepted && h.signupID == 0 {
		err = newsletter.ErrNotFound
	}
	return admission, h, err
}

// SignUpsAtOnce is how many sign-ups a database of few cores is given at a time.
// More take the processor and the connections from each other, and from what
// mails the confirmations: with four, those go out while a crowd signs up.
const SignUpsAtOnce = 4

// inTurn waits for a place among Turns and gives it back. Returns ctx's cause if
// that ends first.
func (s *Service) inTurn(ctx context.Context, do func() error) error {
	if s.Turns == nil {
		return do()
	}
	select {
	case s.Turns <- struct{}{}:
		defer func() { <-s.Turns }()
		return do()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

var signUpStatement = postgres.Compile(signUp, (&Service{Hasher: token.NewHasher(nil)}).signUpArgs(SignUpRequest{}, time.Time{}))

func (s *Service) signUpArgs(r SignUpRequest, now time.Time) pgx.StrictNamedArgs {
	args := s.admitArgs(r.origin(), now)
	maps.Copy(args, pgx.StrictNamedArgs{
		"limit": s.limitHash(r.Address), "now": now, "moment": now.Add(-repeatWithin), "quarter": capQuarter, "day": capDay, "month": capMonth,
		"newsletter": r.NewsletterID, "address": r.Address.String(), "key": r.Address.Key(), "locale": r.Locale,
		"article": clip(r.ArticleURL, maxURL), "page": clip(r.PageURL, maxURL), "wording": clip(r.Wording, maxURL),
		"ip": addrOrNull(r.IP), "agent": clip(r.UserAgent, maxUserAgent), "expires": now.Add(ConfirmWithin),
	})
	return args
}
