package server

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5/middleware"

	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/subscriber"
	"vistka/internal/token"
)

// apiStep is the body of what follows a sign-up: "send again" and the code.
type apiStep struct {
	Newsletter string `json:"newsletter"`
	Lang       string `json:"lang"`
	Handle     string `json:"handle"`
	Code       string `json:"code"`
}

// apiStepAnswer says what a step came to.
type apiStepAnswer struct {
	Status string     `json:"status"` // sent, wait, confirmed, already
	Title  string     `json:"title,omitempty"`
	Handle string     `json:"handle,omitempty"` // for the page from now on
	Words  *doneWords `json:"words,omitempty"`
}

// doneWords are what a page shows once all is done. The link to the reader's
// settings is not among them: every script of the site could read it.
type doneWords struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// apiForm gives a script the form token that a page of ours has in its form.
func (s *server) apiForm(w http.ResponseWriter, r *http.Request) error {
	n, _, err := s.apiNewsletter(w, r, r.FormValue("newsletter"), "")
	if err != nil {
		return err
	}
	if _, _, err := s.origin(r, n); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, "application/json", map[string]string{"form": s.formToken(signupForm)})
}

// apiStep reads a step and judges where it comes from and how often.
func (s *server) apiStep(w http.ResponseWriter, r *http.Request) (apiStep, newsletter.Newsletter, *locale.Locale, error) {
	var body apiStep
	if err := readJSON(r, &body); err != nil {
		return body, newsletter.Newsletter{}, nil, err
	}
	n, l, err := s.apiNewsletter(w, r, body.Newsletter, body.Lang)
	if err != nil {
		return body, n, l, err
	}
	if _, _, err := s.origin(r, n); err != nil {
		return body, n, l, err
	}
	if s.limits.codes(w, r) {
		return body, n, l, errTooMany()
	}
	return body, n, l, nil
}

// apiAgain is /subscribe/again for programs.
func (s *server) apiAgain(w http.ResponseWriter, r *http.Request) error {
	body, _, l, err := s.apiStep(w, r)
	if err != nil {
		return err
	}
	res, err := s.Subscribers.Resend(r.Context(), body.Handle, middleware.GetClientIPAddr(r.Context()))
	if err != nil {
		return missing(err, token.ErrInvalid)
	}
	if res.Decision != subscriber.Accepted {
		return errTooMany()
	}
	answer := apiStepAnswer{Status: "wait", Title: l.T("sent." + cmp.Or(late(res.Admission), s.cameOf(res))), Handle: res.Handle}
	if res.Sent {
		answer.Status = "sent"
	}
	return writeJSON(w, http.StatusOK, "application/json", answer)
}

// apiCode is /subscribe/code for programs.
func (s *server) apiCode(w http.ResponseWriter, r *http.Request) error {
	body, n, l, err := s.apiStep(w, r)
	if err != nil {
		return err
	}
	if len(body.Code) > maxCode {
		return page.BadRequest(errors.New("code is too long"))
	}
	c, err := s.Subscribers.ConfirmCode(r.Context(), body.Handle, body.Code, shownIn(l, n, codeWording, r))
	if err != nil {
		return err
	}
	switch c.Outcome {
	case subscriber.Confirmed:
		words := done(l, thanks(l, n), l.T("confirmed.text", "name", n.Name, "address", c.Masked))
		return writeJSON(w, http.StatusOK, "application/json", apiStepAnswer{Status: "confirmed", Words: &words})
	case subscriber.Already:
		words := done(l, l.T("confirm.already_title"), l.T("confirm.already_text", "name", n.Name))
		return writeJSON(w, http.StatusOK, "application/json", apiStepAnswer{Status: "already", Words: &words})
	case subscriber.Invalid:
		return page.NotFound(nil)
	}
	fault := codeFault(c.Outcome)
	p := problem{
		Type: "/problems/code", Title: l.T("sent." + fault), Prefix: l.T("signup.error_title"), Status: http.StatusUnprocessableEntity, Field: "code",
	}
	if fault == codeOver { // no field mends it
		p.Type, p.Field = "/problems/code_over", ""
	}
	return writeProblem(w, p)
}

func done(l *locale.Locale, title, text string) doneWords {
	return doneWords{title, text + " " + l.T("confirmed.settings_later")}
}
