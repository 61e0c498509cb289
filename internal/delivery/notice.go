package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/mailer"
	"vistka/internal/postgres"
)

// NoticeKind says which mail a notice is.
type NoticeKind string

const (
	Confirmation NoticeKind = "confirmation"
	Settings     NoticeKind = "settings"
	Welcome      NoticeKind = "welcome"
	Link         NoticeKind = "link" // what a reader asked for: Content.About says which
	Test         NoticeKind = "test"
	Alert        NoticeKind = "alert"
	Desk         NoticeKind = "desk"
)

// Notice is a mail to one person that is not an edition. Ids that are 0 are
// absent. A person is named by SignupID or SubscriberID; Address is for tests,
// alerts and desk notices only. A notice goes when the row it refers to does.
type Notice struct {
	Kind         NoticeKind
	Locale       string
	NewsletterID int64
	SignupID     int64
	SubscriberID int64
	Address      string
	Content      Content
	RequestID    int64 // desk: the hotline request it tells of
}

// Content is what a notice's words need beyond the rows it refers to; never a
// secret. Which fields count depends on the kind.
type Content struct {
	Title     string          `json:"title,omitempty"`     // alert
	Text      string          `json:"text,omitempty"`      // alert
	Detail    string          `json:"detail,omitempty"`    // alert
	URL       string          `json:"url,omitempty"`       // alert, desk: a page of ours without a secret
	Reference string          `json:"reference,omitempty"` // desk
	Busy      bool            `json:"busy,omitempty"`      // desk: soon no more mails tell of requests
	Sealed    string          `json:"sealed,omitempty"`    // desk: what the request says, encrypted: the same bytes in every try
	Unsealed  bool            `json:"unsealed,omitempty"`  // desk: it could not be encrypted, so it is left out
	Articles  []int64         `json:"articles,omitempty"`  // test: shown as an edition would
	Kind      string          `json:"kind,omitempty"`      // test: of the edition; desk: of the request
	AskedAt   time.Time       `json:"asked_at,omitzero"`   // settings
	Subject   string          `json:"subject,omitempty"`   // alert: what it tells of, see Trouble
	About     string          `json:"about,omitempty"`     // link: one of subscriber.About…
	Change    int64           `json:"change,omitempty"`    // link about an address: the change it confirms or stops
	Masked    string          `json:"masked,omitempty"`    // link about an address: the new one, masked
	Records   []mailer.Record `json:"records,omitempty"`   // link about a receipt
	Hold      int64           `json:"hold,omitempty"`      // alert: its link leads to the page that holds this article
	Account   int64           `json:"account,omitempty"`   // alert: in whose name
}

// Enqueue puts a notice at the head of the queue and returns its id. It is sent
// once the transaction commits.
func Enqueue(ctx context.Context, db postgres.DB, now time.Time, n Notice) (id int64, err error) {
	ids, err := enqueue(ctx, db, now, []Notice{n})
	if err != nil {
		return 0, fmt.Errorf("enqueue %s notice: %w", n.Kind, err)
	}
	return ids[0], nil
}

// EnqueueAll is Enqueue of any number of notices in one statement, in their
// order. Nothing is done for none.
func EnqueueAll(ctx context.Context, db postgres.DB, now time.Time, notices []Notice) error {
	if len(notices) == 0 {
		return nil
	}
	if _, err := enqueue(ctx, db, now, notices); err != nil {
		return fmt.Errorf("enqueue %d notices: %w", len(notices), err)
	}
	return nil
}

func enqueue(ctx context.Context, db postgres.DB, now time.Time, notices []Notice) (ids []int64, err error) {
	var kinds, locales, addresses, contents []string
	var newsletters, signups, subscribers, requests []*int64
	for _, n := range notices {
		content, err := json.Marshal(n.Content)
		if err != nil {
			return nil, err
		}
		kinds, locales, addresses = append(kinds, string(n.Kind)), append(locales, n.Locale), append(addresses, n.Address)
		contents = append(contents, string(content))
		newsletters, signups = append(newsletters, orNull(n.NewsletterID)), append(signups, orNull(n.SignupID))
		subscribers, requests = append(subscribers, orNull(n.SubscriberID)), append(requests, orNull(n.RequestID))
	}
	rows, err := db.Query(ctx, sqlEnqueue, pgx.StrictNamedArgs{
		"kinds": kinds, "locales": locales, "newsletters": newsletters, "signups": signups, "subscribers": subscribers,
		"addresses": addresses, "contents": contents, "requests": requests, "now": now,
	})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// Enqueue is the function of the same name with the service's clock.
func (s *Service) Enqueue(ctx context.Context, tx pgx.Tx, n Notice) (id int64, err error) {
	return Enqueue(ctx, tx, s.Clock.Now(), n)
}

// EnqueueAll is the function of the same name with the service's clock.
func (s *Service) EnqueueAll(ctx context.Context, tx pgx.Tx, notices []Notice) error {
	return EnqueueAll(ctx, tx, s.Clock.Now(), notices)
}

func orNull(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}
