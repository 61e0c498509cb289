package subscriber

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/altcha"
	"vistka/internal/ipblock"
)

// What an address gets of us at most, however often it is typed somewhere and
// in whatever spelling (rule C6): double opt-in alone does not stop
// list bombing, thousands of confirmations are a flood too.
const (
	capQuarter = 2 // mails in 15 minutes: one, and one "send again"
	capDay     = 3 // in 24 hours: one more try after dinner
	capMonth   = 5 // in 30 days
)

// How long things last.
const (
	ConfirmWithin  = 72 * time.Hour      // a link: a weekend away from the mailbox
	ChangeWithin   = ConfirmWithin       // the link that confirms another address
	codeWithin     = 30 * time.Minute    // six digits are guessable, so briefly
	codeTries      = 5                   // wrong codes: 5 in a million
	resendAfter    = 60 * time.Second    // mail takes that long on a good day
	repeatWithin   = 2 * time.Minute     // another press is a slip or a look back: a mail and its reader take that long
	resendWindow   = 15 * time.Minute    // the window of capQuarter
	settingsEvery  = 24 * time.Hour      // "you are on the list" to an active reader
	undoWithin     = 30 * 24 * time.Hour // of leaving
	purgeAfter     = 7 * 24 * time.Hour  // of expiry (rule C15)
	limitsKept     = 30 * 24 * time.Hour // the longest window of the caps
	requestsKept   = 24 * time.Hour      // counters per network
	requestsWindow = 10 * time.Minute    // what "Try again in 10 minutes" promises
)

// Requests in requestsWindow by what ipblock.Of says.
const (
	perHost    = 20
	perNetwork = 100
	// Whoever pressed the button of our own page has shown more patience than
	// a script that posts blindly, and gets this many times as much.
	challengedFactor = 10
)

// Decision is what a post comes to.
type Decision string

const (
	Accepted  Decision = "accepted"  // recorded; what follows goes by mail
	Challenge Decision = "challenge" // nothing recorded: show our own page with the address and one button
	Prove     Decision = "prove"     // the same, because so much is asked for that proves nothing
	TooMany   Decision = "too many"  // nothing recorded, and no press on that page helps: HTTP 429
)

// RetryAfter is what to tell whoever gets TooMany.
const RetryAfter = requestsWindow

// Origin is where a post comes from.
type Origin struct {
	IP         netip.Addr // zero where it is not known: then no network is counted
	Attested   bool       // a listed Origin or a valid form token
	Challenged bool       // from the button of our own page
	Mailed     bool       // by a link that only the address's mailbox has
	Proof      altcha.Proof
}

// Admission is what a post comes to, whatever the address in it.
type Admission struct {
	Decision Decision
	Delayed  bool // the mail is likely to be held: what it may take of the budget is spent
	Halted   bool // the mail has to wait: none goes out
	Proven   bool // it may take of the whole budget
}

// Admit counts one post and decides on it: by its network, and by what is left
// of the budget for posts that prove nothing. It uses up the post's proof of
// work. Replicas share the counters.
func (s *Service) Admit(ctx context.Context, o Origin) (Admission, error) {
	v := verdict{origin: o}
	if err := s.DB.QueryRow(ctx, admit, s.admitArgs(o, s.Clock.Now())).Scan(&v.over, &v.beyond, &v.unproven, &v.proven, &v.delayed, &v.halted); err != nil {
		return Admission{}, fmt.Errorf("count request: %w", err)
	}
	return v.admission(), nil
}

// admitArgs are the parameters of the admission's statements.
func (s *Service) admitArgs(o Origin, now time.Time) pgx.StrictNamedArgs {
	host, keys := "", []string{}
	if o.IP.IsValid() {
		h, network := ipblock.Of(o.IP)
		host = "signup " + h.String()
		keys = []string{"signup " + network.String(), host}
	}
	factor := 1
	if o.Challenged {
		factor = challengedFactor
	}
	args := pgx.StrictNamedArgs{
		"keys": keys, "host": host, "per_host": perHost * factor, "per_network": perNetwork * factor,
		"host_pressed": perHost * challengedFactor, "network_pressed": perNetwork * challengedFactor,
		"bucket": now.Truncate(requestsWindow), "attested": o.Attested, "challenged": o.Challenged,
	}
	maps.Copy(args, s.ProofOfWork.args(o))
	return args
}

// verdict is what the counters say of a post.
type verdict struct {
	origin   Origin
	over     bool // its networks send too many
	beyond   bool // and would for a press on our own page
	unproven bool // it proves nothing, and the share of such is spent
	proven   bool // work stands behind it
	delayed  bool // what it may take of the budget is spent
	halted   bool // no mail goes out
}

func (v verdict) admission() Admission {
	a := Admission{Decision: Accepted, Delayed: v.delayed, Halted: v.halted, Proven: v.proven}
	switch {
	case v.over && (v.beyond || v.origin.Challenged):
		a.Decision = TooMany
	case v.over:
		a.Decision = Challenge
	case v.unproven:
		a.Decision = Prove
	}
	return a
}

// lockKey orders those who count against one mailbox.
func lockKey(limitHash []byte) int64 { return int64(binary.BigEndian.Uint64(limitHash)) }

// limit is how many mails of one kind a mailbox gets in 15 minutes, a day, 30 days.
type limit struct{ quarter, day, month int }

// linkLimits are for fresh links and receipts: whoever has one of a reader's
// mails can ask for them, and only that reader's mailbox gets them.
var linkLimits = limit{quarter: 3, day: 8, month: 40}

// claim takes one of the mails of a kind that a mailbox may get.
func (s *Service) claim(ctx context.Context, tx pgx.Tx, mailbox []byte, kind string, l limit) (bool, error) {
	if _, err := tx.Exec(ctx, lockLimit, pgx.StrictNamedArgs{"key": lockKey(mailbox)}); err != nil {
		return false, err
	}
	tag, err := tx.Exec(ctx, claimMail, pgx.StrictNamedArgs{
		"limit": mailbox, "kind": kind, "now": s.Clock.Now(), "quarter": l.quarter, "day": l.day, "month": l.month,
	})
	return tag.RowsAffected() == 1, err
}
