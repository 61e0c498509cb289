package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/account"
	"vistka/internal/locale"
	"vistka/internal/postgres"
)

// Cause is why the owners are told: the word in the table alert and in the
// locale keys mail.alert.<cause>.
type Cause string

const (
	CauseRelayRefused  Cause = "relay_refused"  // log-in, certificate: a person has to act
	CauseRelayDown     Cause = "relay_down"     // for relayPatience
	CauseSenderRefused Cause = "sender_refused" // by a relay that takes other mail
	CauseEditionPaused Cause = "edition_paused" // too many of its mails were refused
	CauseEditionUnmade Cause = "edition_unmade" // no mail can be made of it
	CauseSendingLocked Cause = "sending_locked" // this looks like a copy
	CauseFeedFailing   Cause = "feed_failing"
	CauseFeedGone      Cause = "feed_gone"
	CauseDoubtHeld     Cause = "doubt_held"   // mails wait for a person's decision
	CauseBudgetSpent   Cause = "budget_spent" // more confirmations are asked for than may be mailed
)

const (
	// relayPatience is how long a relay may be down before anybody is told:
	// most that restart are back by then.
	relayPatience = 10 * time.Minute
	// alertQuiet is how long one trouble is not told of again.
	alertQuiet = 6 * time.Hour
	// doubtQuiet is longer: a mail in doubt stays so until somebody decides.
	doubtQuiet = 24 * time.Hour
)

// Trouble is what the owners are told of by mail.
type Trouble struct {
	Cause        Cause
	Object       string          // tells it from others of the same cause
	Name         string          // of the object or its newsletter, for the words
	Words        string          // a relay's, a feed's or the log's, shown as they are
	Reason       *locale.Message // instead of Words, in the owner's language
	NewsletterID int64           // whose sender the mail has; 0: any
}

// AlertOwners queues a mail to each owner, in the transaction of what it tells
// of: at most one for a cause and object in alertQuiet, and none while the last
// one still waits. A failure is logged and undoes nothing else in tx.
//
// The mail goes the way of all mail. While sending is locked, or the only relay
// is down, it waits too, and is read when that is over; Home and the log tell
// of it at once.
func (s *Service) AlertOwners(ctx context.Context, tx pgx.Tx, t Trouble) {
	err := postgres.InTx(ctx, tx, func(tx pgx.Tx) error { return s.alertOwners(ctx, tx, t) })
	if err != nil {
		s.Log.Error("owners cannot be told", "cause", t.Cause, "object", t.Object, "error", err)
	}
}

func (s *Service) alertOwners(ctx context.Context, tx pgx.Tx, t Trouble) error {
	now := s.Clock.Now()
	var newsletter int64
	err := tx.QueryRow(ctx, sqlAlertDue, pgx.StrictNamedArgs{
		"cause": t.Cause, "object": t.Object, "newsletter": t.NewsletterID, "refused": t.refusedSender(),
		"subject": t.subject(), "quiet": t.quiet(), "now": now,
	}).Scan(&newsletter)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	owners, err := account.Owners(ctx, tx)
	if err != nil {
		return err
	}
	for _, o := range owners {
		l := s.Catalog.For(o.Locale)
		n := Notice{Kind: Alert, Locale: l.Code(), NewsletterID: newsletter, Address: o.Address, Content: t.content(l, s.BaseURL)}
		if _, err := Enqueue(ctx, tx, now, n); err != nil {
			return err
		}
	}
	s.Log.Warn("owners are told", "cause", t.Cause, "object", t.Object, "owners", len(owners))
	return nil
}

func (t Trouble) content(l *locale.Locale, baseURL string) Content {
	key := "mail.alert." + string(t.Cause)
	detail := t.Words
	if t.Reason != nil {
		detail = l.Say(*t.Reason)
	}
	return Content{
		Title:  l.T(key+".title", "name", t.Name, "object", t.Object),
		Text:   l.T(key+".text", "name", t.Name, "object", t.Object),
		Detail: detail, URL: baseURL + t.page(), Subject: t.subject(),
	}
}

// subject is by which a notice that waits is known to tell of this.
func (t Trouble) subject() string { return fmt.Sprint(t.Cause, " ", t.Object) }

func (t Trouble) quiet() time.Duration {
	if t.Cause == CauseDoubtHeld {
		return doubtQuiet
	}
	return alertQuiet
}

// refusedSender is the sender that the mail had better not have.
func (t Trouble) refusedSender() string {
	if t.Cause == CauseSenderRefused {
		return t.Object
	}
	return ""
}

// page of the admin where something can be done about it.
func (t Trouble) page() string {
	switch t.Cause {
	case CauseEditionPaused, CauseEditionUnmade:
		return "/admin/editions/" + t.Object
	case CauseFeedFailing, CauseFeedGone:
		return "/admin/feeds"
	case CauseSenderRefused:
		return "/admin/newsletters"
	case CauseSendingLocked:
		return "/admin/sending"
	case CauseDoubtHeld:
		return "/admin/deliveries"
	case CauseBudgetSpent:
		return "/admin/subscribers?status=pending"
	}
	return "/admin/"
}
