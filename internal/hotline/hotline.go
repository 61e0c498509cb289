// Package hotline owns callback requests and complaints: what people leave on
// the site for the desk, who may be told of it, and how long it is kept. It
// stands apart from newsletters and readers: nobody becomes a subscriber here,
// and nothing is stored that says from where a request came.
package hotline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/locale"
	"vistka/internal/postgres"
)

// Kind says what a person asked for.
type Kind string

const (
	Callback  Kind = "callback"  // to be called
	Complaint Kind = "complaint" // to be read, and answered if a contact is given
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{Callback, Complaint} }

// State is how far the desk has come with a request.
type State string

const (
	New        State = "new"
	InProgress State = "in progress"
	Closed     State = "closed"
)

// States lists them in the order they are passed through.
func States() []State { return []State{New, InProgress, Closed} }

var (
	// ErrNotFound says that there is no such request, or not any more.
	ErrNotFound = errors.New("hotline request not found")
	// ErrState says that somebody has changed the request's state meanwhile.
	ErrState = errors.New("hotline request is in another state")
	// ErrShut says that the hotline takes no requests.
	ErrShut = errors.New("hotline is shut")
)

// Request is one row. Of a new one the person fills in Kind, Language and the
// fields of that kind; the rest is the service's.
type Request struct {
	ID        int64     `db:"id"`
	Reference string    `db:"reference"` // 1234-5678
	Kind      Kind      `db:"kind"`
	State     State     `db:"state"`
	Language  string    `db:"language"` // in which the person wants to be answered
	Name      string    `db:"name"`     // callback; may be empty
	Phone     string    `db:"phone"`    // callback
	BestTime  string    `db:"best_time"`
	Subject   string    `db:"subject"` // complaint
	Text      string    `db:"text"`    // complaint
	Contact   string    `db:"contact"` // complaint; may be empty
	CreatedAt time.Time `db:"created_at"`
}

// Dial is the phone number for a tel: address (RFC 3966): digits, and a plus
// before them if there was one, and its extension.
func (r Request) Dial() string { return DialThrough(r.Phone) }

// FieldErrors says what is wrong with what was filled in: form field to the
// key of the words. It is an error.
type FieldErrors map[string]string

// Error names the fields and never what stands in them.
func (e FieldErrors) Error() string {
	return fmt.Sprintf("hotline: fields to mend: %s", strings.Join(slices.Sorted(maps.Keys(e)), ", "))
}

// Notice asks for a mail to one address of the desk: that a request came. What
// it says goes along only for the holders of the desk's keys.
type Notice struct {
	RequestID int64
	Reference string
	Kind      Kind
	Address   string
	Locale    string
	Busy      bool   // so many came within an hour that soon no more mails tell of them
	Sealed    string // what the request says, as an armored age file; empty without keys
	Unsealed  bool   // there are keys and they cannot be used: Sealed is empty, and somebody has to mend that
}

// Service keeps the hotline. Notify is set after construction, before the
// first request.
type Service struct {
	DB      postgres.DB
	Clock   *postgres.Clock
	Catalog *locale.Catalog // the words around what is sealed
	Log     *slog.Logger    // of what the desk was not told; never what a request says

	// Zone is whose clock the mails to the desk in a language go by. Nil: UTC.
	Zone func(ctx context.Context, tx pgx.Tx, code string) (*time.Location, error)
	// Notify queues a mail to the desk; it goes out once tx commits.
	Notify func(ctx context.Context, tx pgx.Tx, n Notice) error
}
