package server

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"

	"vistka/internal/locale"
	"vistka/internal/page"
)

// A page that only a post makes has no address for its language switch to lead
// to. Its switch posts what made the page once more, with "show": the handler
// then makes the same page, and judges, counts and does nothing.

// shows says that a post asks for nothing but the page.
func shows(r *http.Request) bool { return r.URL.Query().Has("show") }

// same is the switch of such a page: fields posted to path, and in "told" what
// the press had come to, signed, for the handler's toldBefore; nil: nothing. It is
// the same at any time, as the page is that answers a sign-up.
func (s *server) same(l *locale.Locale, path string, fields url.Values, told any) []page.Link {
	links := s.Pages.LanguagesAt(path, url.Values{"show": {"1"}}, l)
	raw, _ := json.Marshal(told) // structs of strings and numbers
	for i := range links {
		f := maps.Clone(fields)
		if f == nil {
			f = url.Values{}
		}
		f.Set("lang", links[i].Code)
		f.Set("told", s.signWord(noTime, path, string(raw)))
		links[i].Fields = f
	}
	return links
}

// failure is what an error page tells, for same.
type failure struct {
	Failed       string // key of its words
	Status, Most int
	RequestID    string
	Next         string
}

var errToldAgain = errors.New("an error page in another language")

// sameFailures gives the error pages that answer a press such a switch. It shows
// them itself: the press that failed is not made again.
func (s *server) sameFailures(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			page.SwitchFailures(r, func(l *locale.Locale, e *page.Error) []page.Link {
				return s.same(l, r.URL.Path, nil, failure{e.Key, e.Status, e.Most, e.RequestID, e.Next})
			})
			var f failure
			if shows(r) && s.toldBefore(r, &f) && f.Failed != "" {
				s.Pages.Fail(w, r, &page.Error{Status: f.Status, Key: f.Failed, Most: f.Most, RequestID: f.RequestID, Next: f.Next, Err: errToldAgain})
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// noTime is when what is told again was told.
const noTime = 0

// toldBefore reads what the page that is shown again had to say into v. It is
// false where that was not said by us.
func (s *server) toldBefore(r *http.Request, v any) bool {
	at, word := s.openWord(r.URL.Path, r.PostFormValue("told"))
	return at == noTime && word != "" && json.Unmarshal([]byte(word), v) == nil
}
