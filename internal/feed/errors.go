package feed

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"vistka/internal/locale"
)

// Kind says what went wrong, for code; Error.Words says it to a person.
type Kind string

// Kinds of failure.
const (
	KindAddress     Kind = "address"      // the address itself cannot be used
	KindRefused     Kind = "refused"      // not a public address
	KindDNS         Kind = "dns"          // no such host
	KindConnect     Kind = "connect"      // no connection, or it broke
	KindTLS         Kind = "tls"          // certificate or handshake
	KindTimeout     Kind = "timeout"      // not done in time
	KindRedirect    Kind = "redirect"     // too many, or to somewhere strange
	KindStatus      Kind = "status"       // any other answer than 200 and 304
	KindBusy        Kind = "busy"         // 429 or 503: come back later
	KindGone        Kind = "gone"         // 410: never come back
	KindTooLarge    Kind = "too large"    // over MaxBytes
	KindContentType Kind = "content type" // a picture, a PDF, an unknown compression
	KindEmpty       Kind = "empty"        // no body
	KindNotFeed     Kind = "not a feed"   // a web page or something else
	KindBroken      Kind = "broken"       // cut short, too deep, unreadable
)

// Error is what Fetch, Parse and Discover return.
type Error struct {
	Kind   Kind
	URL    string
	Status int            // HTTP status, or 0
	Retry  time.Duration  // what Retry-After asked for, or 0
	Words  locale.Message // one or two sentences for the person who runs the newsletter
	Err    error
}

// Error is for the log, so it leaves out of the address what may be a key:
// user, password and query.
func (e *Error) Error() string {
	s := fmt.Sprintf("feed %s: %s", withoutKey(e.URL), e.Kind)
	if e.Status != 0 {
		s += fmt.Sprintf(" %d", e.Status)
	}
	err := e.Err
	if repeats, ok := errors.AsType[*url.Error](err); ok {
		err = repeats.Err // without the address, which stands before
	}
	if err != nil {
		s += ": " + err.Error()
	}
	return s
}

func withoutKey(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "of an address that cannot be read"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of err, or "" if err is not of this package.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// Words is what to tell a person about err.
func Words(err error) locale.Message {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Words
	}
	return words("unknown")
}

// words is the sentence feed.problem.KEY.
func words(key string) locale.Message { return locale.Message{Key: "feed.problem." + key} }

func wordsN(key string, n int) locale.Message {
	return locale.Message{Key: "feed.problem." + key, N: n}
}

func wordsOf(key, name string) locale.Message {
	return locale.Message{Key: "feed.problem." + key, Name: name}
}
