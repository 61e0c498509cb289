package server

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"vistka/internal/page"
)

// apiSignup is the body of POST /api/v1/subscriptions. Unknown members are ignored.
type apiSignup struct {
	Email      string `json:"email"`
	Newsletter string `json:"newsletter"`
	Lang       string `json:"lang"`
	Article    string `json:"article"`
	Form       string `json:"form"`    // a form token, if a script fetched one
	Kept       string `json:"kept"`    // the address again: the suggestion was seen and refused
	Website    string `json:"website"` // honeypot
}

// apiAnswer is the same for every state of an address.
type apiAnswer struct {
	Status string `json:"status"` // confirmation-sent
	Masked string `json:"masked"`
	Handle string `json:"handle"`
	// Delayed says that so many sign up that the mail has to wait.
	Delayed bool `json:"delayed,omitempty"`
}

// problem is an RFC 9457 document.
type problem struct {
	Type       string `json:"type"`
	Title      string `json:"title"`
	Status     int    `json:"status"`
	Detail     string `json:"detail,omitempty"` // what to do
	Field      string `json:"field,omitempty"`
	Suggestion string `json:"suggestion,omitempty"`
	RequestID  string `json:"request_id,omitempty"`
}

// apiSubscribe is /subscribe for programs: the same checks, JSON both ways.
func (s *server) apiSubscribe(w http.ResponseWriter, r *http.Request) {
	if err := s.apiSignUp(w, r); err != nil {
		s.apiFail(w, r, err)
	}
}

func (s *server) apiSignUp(w http.ResponseWriter, r *http.Request) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &page.Error{Status: http.StatusUnsupportedMediaType, Key: "bad_request", Err: errors.New("not application/json")}
	}
	var body apiSignup
	dec := json.NewDecoder(r.Body)
	if err := dec.Decode(&body); err != nil {
		return badForm(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return page.BadRequest(errors.New("more than one document"))
	}
	n, err := s.openNewsletter(r, body.Newsletter)
	if err != nil {
		return err
	}
	l := s.Pages.Locale(r, n.Language)
	if s.Pages.Catalog().Has(body.Lang) {
		l = s.Pages.Catalog().For(body.Lang)
	}
	got, no, err := s.accept(w, r, n, l, input{
		Email: body.Email, Kept: body.Kept, Article: s.article(n, body.Article), Form: body.Form, Trap: body.Website,
	})
	switch {
	case err != nil:
		return err
	case no != nil && no.Suggestion != "":
		no.retryAfter(w)
		return writeProblem(w, problem{
			Type: "/problems/typo", Title: l.T("signup.typo", "address", no.Suggestion), Status: no.Status, Field: "email", Suggestion: no.Suggestion,
		})
	case no != nil:
		no.retryAfter(w)
		return writeProblem(w, problem{
			Type: "/problems/" + no.Key, Title: l.T("signup."+no.Key, "domain", no.Domain), Status: no.Status, Field: "email",
		})
	}
	return writeJSON(w, http.StatusAccepted, "application/json", apiAnswer{"confirmation-sent", got.Address.Masked(), got.Handle, got.Delayed})
}

func (s *server) apiFail(w http.ResponseWriter, r *http.Request, err error) {
	e := s.Pages.AsError(err)
	if e.Status >= http.StatusInternalServerError {
		page.Failed(r, err)
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter.Seconds())))
	}
	l := s.Pages.Locale(r, "")
	_ = writeProblem(w, problem{
		Type: "/problems/" + e.Key, Title: l.T(e.Title()), Detail: l.T(e.Text()), Status: e.Status, RequestID: page.RequestID(r),
	})
}

func writeProblem(w http.ResponseWriter, p problem) error {
	return writeJSON(w, p.Status, "application/problem+json", p)
}

func writeJSON(w http.ResponseWriter, status int, kind string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
	return nil
}
