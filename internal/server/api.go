package server

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"vistka/internal/emailaddr"
	"vistka/internal/locale"
	"vistka/internal/newsletter"
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
	Altcha     string `json:"altcha"`  // a solution of GET /api/v1/challenge
	Wording    string `json:"wording"` // version of the words beside the button, as a pasted form has it
}

// apiAnswer is the same for every state of an address.
type apiAnswer struct {
	Status string    `json:"status"` // confirmation-sent
	Masked string    `json:"masked"`
	Handle string    `json:"handle"`
	Words  sentWords `json:"words"`
	// Delayed says that the mail has to wait; the words say what that means for the reader.
	Delayed bool `json:"delayed,omitempty"`
}

// sentWords are what a page shows after that, in the language of the sign-up.
type sentWords struct {
	Title   string `json:"title"`
	Text    string `json:"text"`
	Code    string `json:"code"`    // label of the field for the code
	Consent string `json:"consent"` // what the button beside it agrees to: stands with it, for the proof has these words
	Confirm string `json:"confirm"` // its button
	Prefix  string `json:"prefix"`  // before what is wrong
	Nothing string `json:"nothing"` // what to do without a mail; before the two that follow
	Again   string `json:"again"`
	Wrong   string `json:"wrong"`
	Failed  string `json:"failed"` // when we cannot be reached
}

func sentWordsIn(l *locale.Locale, name, masked, late string) sentWords {
	text, nothing := l.T("sent.text", "address", masked), l.T("sent.nothing")
	if late != "" {
		text, nothing = l.T("sent.text_late", "address", masked)+" "+l.T("sent."+late), l.T("sent.nothing_late")
	}
	return sentWords{
		Title: l.T("sent.title"), Text: text, Code: l.T("sent.code_label"), Consent: l.T("sent.code_consent", "name", name),
		Confirm: l.T("sent.code_button"), Prefix: l.T("signup.error_title"), Nothing: nothing + " " + l.T("sent.look"), Again: l.T("sent.again"), Wrong: l.T("sent.wrong"),
		Failed: l.T("sent.failed"),
	}
}

// problem is an RFC 9457 document.
type problem struct {
	Type       string `json:"type"`
	Title      string `json:"title"`
	Prefix     string `json:"prefix,omitempty"` // before the title where it stands beside the field
	Status     int    `json:"status"`
	Detail     string `json:"detail,omitempty"` // what to do
	Field      string `json:"field,omitempty"`  // which one to mend; empty: only a page of ours helps
	Suggestion string `json:"suggestion,omitempty"`
	Use        string `json:"use,omitempty"` // label of a button that takes the suggestion
	RequestID  string `json:"request_id,omitempty"`
}

// apiHandler is a page.Handler whose errors are problem documents.
func (s *server) apiHandler(h page.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.apiFail(w, r, err)
		}
	}
}

// apiSubscribe is /subscribe for programs: the same checks, JSON both ways.
func (s *server) apiSubscribe(w http.ResponseWriter, r *http.Request) error {
	var body apiSignup
	if err := readJSON(r, &body); err != nil {
		return err
	}
	n, l, err := s.apiNewsletter(w, r, body.Newsletter, body.Lang)
	if err != nil {
		return err
	}
	got, no, err := s.accept(w, r, n, l, input{
		Email: emailaddr.Clean(body.Email), Kept: emailaddr.Clean(body.Kept), Article: s.article(n, body.Article), Form: body.Form, Trap: body.Website, Wording: body.Wording,
		Proof: body.Altcha,
	})
	if err != nil && s.Pages.AsError(err).Status >= http.StatusInternalServerError {
		page.Failed(r, err)
		no, err = &refusal{Status: http.StatusServiceUnavailable, Key: "ours", Field: true, RetryAfter: time.Minute}, nil
	}
	switch {
	case err != nil:
		return err
	case no != nil && no.Suggestion != "":
		no.retryAfter(w)
		return writeProblem(w, problem{
			Type: "/problems/typo", Title: l.T("signup.typo", "address", no.Suggestion), Detail: l.T("signup.typo_keep"), Status: no.Status,
			Field: "email", Suggestion: no.Suggestion, Use: l.T("signup.typo_use", "address", no.Suggestion),
		})
	case no != nil:
		no.retryAfter(w)
		p := problem{Type: "/problems/" + no.Key, Title: l.T("signup."+no.Key, "domain", no.Domain), Status: no.Status}
		if no.Field {
			p.Field, p.Prefix = "email", l.T("signup.error_title")
		}
		return writeProblem(w, p)
	}
	masked := got.Address.Masked()
	return writeJSON(w, http.StatusAccepted, "application/json", apiAnswer{"confirmation-sent", masked, got.Handle, sentWordsIn(l, n.Name, masked, got.Late), got.Late != ""})
}

// readJSON reads the one document of a request's body.
func readJSON(r *http.Request, into any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &page.Error{Status: http.StatusUnsupportedMediaType, Key: "bad_request", Err: errors.New("not application/json")}
	}
	dec := json.NewDecoder(r.Body)
	if err := dec.Decode(into); err != nil {
		return badForm(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return page.BadRequest(errors.New("more than one document"))
	}
	return nil
}

// apiNewsletter is the newsletter that a request names and the language of the
// answer, which pages of the newsletter's sites may read.
func (s *server) apiNewsletter(w http.ResponseWriter, r *http.Request, slug, lang string) (newsletter.Newsletter, *locale.Locale, error) {
	n, err := s.openNewsletter(r, slug)
	shareWith(w, r, n)
	if err != nil {
		return n, nil, err
	}
	if s.Pages.Catalog().Has(lang) {
		return n, s.Pages.Catalog().For(lang), nil
	}
	return n, s.Pages.Locale(r, n.Language), nil
}

func (s *server) apiFail(w http.ResponseWriter, r *http.Request, err error) {
	e := s.Pages.AsError(err)
	if e.Status >= http.StatusInternalServerError {
		page.Failed(r, err)
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter.Seconds())))
	}
	l := s.Pages.Locale(r)
	_ = writeProblem(w, problem{
		Type: "/problems/" + e.Key, Title: l.T(e.Title()), Detail: e.Words(l), Status: e.Status, RequestID: page.RequestID(r),
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
