package page

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"time"

	"vistka/internal/locale"
	"vistka/internal/postgres"
)

// Error is an error with an HTTP status and, for people, a locale key: error.KEY.title
// and error.KEY.text say what happened and what to do. The inside is logged, never shown.
type Error struct {
	Status     int
	Key        string        // not_found, gone, forbidden, too_large, method, too_many, away, ours …
	RetryAfter time.Duration // 0: not said
	Most       int           // {{.most}} of the text: how much is allowed
	RequestID  string        // of the request that failed; empty: the one that is answered
	Next       string        // page of ours to go on from, with its query; empty: the start
	Err        error         // may be nil
}

func (e *Error) Error() string {
	if e.Err == nil {
		return strconv.Itoa(e.Status) + " " + e.Key
	}
	return strconv.Itoa(e.Status) + " " + e.Key + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Title and Text are the keys of the words for people.
func (e *Error) Title() string { return "error." + e.Key + ".title" }
func (e *Error) Text() string  { return "error." + e.Key + ".text" }

// Words is the text in l.
func (e *Error) Words(l *locale.Locale) string { return l.T(e.Text(), "most", l.Number(e.Most)) }

// NextURL is the page to go on from, in l.
func (e *Error) NextURL(l *locale.Locale) string {
	u, err := url.Parse(cmp.Or(e.Next, "/"))
	if err != nil {
		u = &url.URL{Path: "/"}
	}
	q := u.Query()
	q.Set("lang", l.Code())
	u.RawQuery = q.Encode()
	return u.String()
}

// NotFound is the answer for what is not there, or not for this person.
func NotFound(err error) error {
	return &Error{Status: http.StatusNotFound, Key: "not_found", Err: err}
}

// Forbidden is the answer for what may not be done from there.
func Forbidden(err error) error {
	return &Error{Status: http.StatusForbidden, Key: "forbidden", Err: err}
}

// BadRequest is the answer for a request that no page of ours makes.
func BadRequest(err error) error {
	return &Error{Status: http.StatusBadRequest, Key: "bad_request", Err: err}
}

// Handler answers a request or returns an error, and then has written nothing.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Handle makes a Handler an http.HandlerFunc: an *Error gets its page, any
// other error is ours and gets a 500 with the request's id.
func (p *Pages) Handle(h Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			p.Fail(w, r, err)
		}
	}
}

// ErrorView is the Body of the template "failure".
type ErrorView struct {
	L         *locale.Locale
	Error     *Error
	RequestID string // empty unless the error is ours
}

// Fail writes err's page and puts err into the request's log line.
func (p *Pages) Fail(w http.ResponseWriter, r *http.Request, err error) {
	p.FailIn(w, r, err, func(e *Error, requestID string) error {
		l := p.Locale(r)
		v := View{L: l, Title: l.T(e.Title()), Kept: true, Body: ErrorView{L: l, Error: e, RequestID: requestID}}
		switch own := policyOf(r); {
		case r.Method == http.MethodGet, r.Method == http.MethodHead:
			v.Languages = p.Languages(r, l)
		case own != nil && own.switched != nil:
			again := *e
			again.RequestID = requestID
			v.Languages = own.switched(l, &again)
		default: // where nothing takes a press; what is there to be read stands at the same address
			v.Languages = p.LanguagesAt(r.URL.Path, nil, l)
		}
		return p.Render(w, r, e.Status, "pages/error", v)
	})
}

// FailIn is Fail with a page of the caller's, which gets the request's id when
// the error is ours. A page that cannot be rendered becomes a plain line.
func (p *Pages) FailIn(w http.ResponseWriter, r *http.Request, err error, render func(e *Error, requestID string) error) {
	e := p.AsError(err)
	note(r, e.Status, err)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Request-Id", RequestID(r))
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(e.RetryAfter.Seconds())))
	}
	id := ""
	if e.Status >= http.StatusInternalServerError {
		id = cmp.Or(e.RequestID, RequestID(r))
	}
	if err := render(e, id); err != nil {
		note(r, e.Status, err)
		http.Error(w, http.StatusText(e.Status), e.Status)
	}
}

// Failed puts an error of ours into the request's log line, for a handler that
// answers with a page of its own.
func Failed(r *http.Request, err error) { note(r, http.StatusInternalServerError, err) }

// AsError is the status and words for err: its own, those of what passes by
// itself or of text that no column takes, or those of an error of ours.
func (p *Pages) AsError(err error) *Error {
	var e *Error
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &tooLarge):
		return &Error{Status: http.StatusRequestEntityTooLarge, Key: "too_large", Most: int(tooLarge.Limit >> 10), Err: err}
	case postgres.IsBadText(err):
		return &Error{Status: http.StatusBadRequest, Key: "bad_request", Err: err}
	case errors.Is(err, context.DeadlineExceeded), postgres.IsUnavailable(err), postgres.IsDiskFull(err):
		return &Error{Status: http.StatusServiceUnavailable, Key: "away", RetryAfter: time.Minute, Err: err}
	default:
		return &Error{Status: http.StatusInternalServerError, Key: "ours", Err: err}
	}
}

// Recover turns a panic into a 500 of that request alone. http.ErrAbortHandler
// passes: it is how a half-written download is cut.
func (p *Pages) Recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			p.Fail(w, r, fmt.Errorf("panic: %v\n%s", v, debug.Stack()))
		}()
		next.ServeHTTP(w, r)
	})
}
