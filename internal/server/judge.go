package server

import (
	"context"
	"encoding/binary"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5/middleware"

	"vistka/internal/emailaddr"
	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/subscriber"
	"vistka/internal/token"
)

// input is a sign-up as a form or a program sent it.
type input struct {
	Email, Kept, Article, Form, Trap string
	Wording                          string // version of the words beside the button, where a pasted form names it
	Proof                            string // of work (ALTCHA)
	Page                             bool   // a form was pressed; false: a program asked
}

// refusal is a sign-up that was not taken, and what to say: signup.KEY.
type refusal struct {
	Status     int
	Key        string
	Field      bool   // beside the field, else above the form
	Suggestion string // the address that was perhaps meant
	Domain     string
	RetryAfter time.Duration
}

func (no *refusal) retryAfter(w http.ResponseWriter) {
	if no.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(no.RetryAfter.Seconds())))
	}
}

// accept has every check that a sign-up passes, the same for each entrance. It
// returns a refusal for what the reader can mend, an error for the rest. What
// it does never depends on what is known about the address.
func (s *server) accept(
	w http.ResponseWriter, r *http.Request, n newsletter.Newsletter, l *locale.Locale, in input,
) (accepted, *refusal, error) {
	age := s.formAge(signupForm, in.Form)
	own, listed, err := s.origin(r, n)
	if err != nil {
		return accepted{}, nil, err
	}
	if s.limits.signUps(w, r) {
		return accepted{}, &refusal{Status: http.StatusTooManyRequests, Key: "too_many", Field: true, RetryAfter: limitWindow}, nil
	}
	address, err := emailaddr.Parse(in.Email)
	if err != nil {
		return accepted{}, unreadable(in.Email, err), nil
	}
	proof := s.proof(r, in.Proof)
	if in.Trap != "" {
		return s.trap(r, address, subscriber.Origin{Attested: listed || age == formGood, Challenged: pressed(age, listed), Proof: proof})
	}
	switch {
	case age == formStale, own && age == formNone:
		return accepted{}, &refusal{Status: http.StatusUnprocessableEntity, Key: "too_old", Field: true}, nil
	case age == formFresh && !listed:
		return accepted{}, &refusal{Status: http.StatusUnprocessableEntity, Key: "once_more"}, nil
	}
	if no := s.addressHint(r.Context(), address, in.Kept); no != nil {
		return accepted{}, no, nil
	}
	words := subscriber.ForeignWording
	switch pasted := subscriber.FormWording(l, n); {
	case in.Page && age == formGood && !listed: // only our page holds such a token
		words = wording(l, n)
	case listed && in.Wording == subscriber.WordingVersion(pasted):
		words = pasted
	}
	return s.signUp(r, n, address, subscriber.SignUpRequest{
		Locale: l.Code(), ArticleURL: in.Article, Wording: words,
		Attested: listed || age == formGood, Challenged: pressed(age, listed), Proof: proof,
	})
}

// pressed tells the button of our own page: nothing else holds a token of ours,
// save the script on a listed site, which says so by its Origin. That our page's
// Origin comes with it is not asked for. A browser that leaves it out, or says
// "null", could never press its way through otherwise, and nothing is lost: a
// program that fetches a token can write any Origin beside it as well.
func pressed(age formAge, listed bool) bool { return age == formGood && !listed }

// origin judges where a post comes from. None and "null" (a site with
// no-referrer, an old client) pass without proof; a site that is named and not
// listed does not pass.
func (s *server) origin(r *http.Request, n newsletter.Newsletter) (own, listed bool, err error) {
	origin := r.Header.Get("Origin")
	switch {
	case origin == "" || origin == "null":
		return false, false, nil
	case strings.EqualFold(origin, s.BaseURL) || sameHost(origin, r.Host):
		return true, false, nil
	case n.OriginAllowed(origin):
		return false, true, nil
	default:
		return false, false, page.Forbidden(errCrossOrigin)
	}
}

// sameHost compares as http.CrossOriginProtection does.
func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}

// unreadable is what to say of an address that emailaddr.Parse refuses. A domain
// of full shape that no mail can ever reach (RFC 6761) is one without a mail server.
func unreadable(typed string, err error) *refusal {
	no := &refusal{Status: http.StatusUnprocessableEntity, Key: "format", Field: true}
	typed = strings.TrimSpace(typed)
	domain := typed[strings.LastIndexByte(typed, '@')+1:]
	switch {
	case errors.Is(err, emailaddr.ErrEmpty):
		no.Key = "empty"
	case errors.Is(err, emailaddr.ErrReserved) && strings.Contains(domain, "."):
		no.Key, no.Domain = "no_mail_server", domain
	}
	return no
}

// addressHint asks DNS for the domain and looks for a slip of the finger, once:
// who sends the same address again means it.
func (s *server) addressHint(ctx context.Context, a emailaddr.Address, kept string) *refusal {
	if strings.TrimSpace(kept) == a.String() {
		return nil
	}
	if better, ok := emailaddr.Suggest(a); ok {
		return &refusal{Status: http.StatusUnprocessableEntity, Suggestion: better}
	}
	if s.MailServer != nil && !s.MailServer(ctx, a.Domain()) {
		return &refusal{Status: http.StatusUnprocessableEntity, Key: "no_mail_server", Field: true, Domain: a.UnicodeDomain()}
	}
	return nil
}

// signUp completes req and hands it to the domain, which counts per network.
func (s *server) signUp(
	r *http.Request, n newsletter.Newsletter, a emailaddr.Address, req subscriber.SignUpRequest,
) (accepted, *refusal, error) {
	req.NewsletterID, req.Address, req.PageURL = n.ID, a, pageURL(r)
	req.IP, req.UserAgent = middleware.GetClientIPAddr(r.Context()), r.UserAgent()
	res, err := s.Subscribers.SignUp(r.Context(), req)
	if errors.Is(err, newsletter.ErrNotFound) { // archived since it was looked up
		err = errClosed()
	}
	if err != nil {
		return accepted{}, nil, err
	}
	return accepted{a, res.Handle, late(res.Admission)}, refused(res.Decision), nil
}

// trap answers what filled in the honeypot as it answers anybody else.
func (s *server) trap(r *http.Request, a emailaddr.Address, o subscriber.Origin) (accepted, *refusal, error) {
	page.Note(r, trapped)
	o.IP = middleware.GetClientIPAddr(r.Context())
	admission, err := s.Subscribers.Admit(r.Context(), o)
	if err != nil {
		return accepted{}, nil, err
	}
	return accepted{a, s.decoy(), late(admission)}, refused(admission.Decision), nil
}

// What late returns beside nothing.
const lateHalted, lateDelayed = "halted", "delayed"

// late is why the mail comes later than it would, as the end of the words' key;
// empty: it does not. It is the same for every address, and why no mail goes out
// at all is nobody's business but the newsroom's.
func late(a subscriber.Admission) string {
	switch {
	case a.Halted:
		return lateHalted
	case a.Delayed:
		return lateDelayed
	}
	return ""
}

// refused finds the words for a decision; nil is none.
func refused(d subscriber.Decision) *refusal {
	switch d {
	case subscriber.Challenge:
		return &refusal{Status: http.StatusTooManyRequests, Key: "challenge", RetryAfter: tooSoon}
	case subscriber.Prove:
		return &refusal{Status: http.StatusTooManyRequests, Key: "prove", RetryAfter: tooSoon}
	case subscriber.TooMany:
		return &refusal{Status: http.StatusTooManyRequests, Key: "too_many", Field: true, RetryAfter: subscriber.RetryAfter}
	}
	return nil
}

// pageURL is where the form stood, as far as the browser says.
func pageURL(r *http.Request) string {
	if ref := r.Referer(); ref != "" && len(ref) <= maxURL {
		return ref
	}
	return r.Header.Get("Origin")
}

// decoy is a handle of no sign-up, of the shape and age of a real one: what
// the page does with it looks the same.
func (s *server) decoy() string {
	payload := binary.BigEndian.AppendUint64(token.Pair(1, 0), uint64(s.Clock.Now().Unix()))
	return s.Keys.Seal(token.SignupPage, append(payload, 1))
}
