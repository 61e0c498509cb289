package server

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/go-chi/chi/v5/middleware"

	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/subscriber"
	"vistka/internal/token"
)

var trapped = slog.Bool("trapped", true) // a log line's note that the honeypot was filled in

// sentBody is the Body of pages/sent.html.
type sentBody struct {
	Newsletter newsletter.Newsletter
	Masked     string
	To         string // Masked, signed: nobody else's words stand on the page
	Handle     string
	Late       string // why the mail has to wait, see late
	Article    string
	Site       string
	WrongURL   string
	Notice     string
	NoticeGood bool
	Code       string // as it was typed
	CodeError  string
	CodeOver   bool // no code works here any more
}

// ToMend and Told are for the title.
func (b sentBody) ToMend() bool { return b.CodeError != "" }
func (b sentBody) Told() string { return b.Notice }

// sentTold is what the page says beside its words: why the mail has to wait, what
// "send again" came to, and what is wrong with the code, each as the end of the
// words' key; empty: nothing.
type sentTold struct{ Late, Notice, Code string }

func (s *server) renderSent(w http.ResponseWriter, r *http.Request, l *locale.Locale, b sentBody, told sentTold) error {
	status := http.StatusOK
	b.Late = told.Late
	if told.Notice != "" {
		b.Notice, b.NoticeGood = l.T("sent."+told.Notice), told.Notice == "again_done"
	}
	if told.Code != "" {
		status, b.CodeError, b.CodeOver = http.StatusUnprocessableEntity, l.T("sent."+told.Code), told.Code == codeOver
	}
	b.To = s.signWord(noTime, sentPath, b.Masked)
	fields := url.Values{"newsletter": {b.Newsletter.Slug}, "to": {b.To}, "handle": {b.Handle}, "article": {b.Article}, "code": {b.Code}}
	b.Site = b.Newsletter.SiteURL
	b.WrongURL = signupURL(r, b.Newsletter, l, b.Article) + "#email" // whose field the browser puts the cursor in
	return s.Pages.Render(w, r, status, "pages/sent", page.View{
		L: l, Title: l.T("sent.title"), Site: siteOf(b.Newsletter), Kept: true,
		Languages: s.same(l, "/subscribe/code", fields, told), Body: b,
	})
}

// sentPath is what To is signed for: the page has no address of its own.
const sentPath = "/subscribe"

// onPage is the page that a handle came from. The handle does not tell the address.
func (s *server) onPage(r *http.Request) (sentBody, *locale.Locale, error) {
	n, err := s.openNewsletter(r, r.PostFormValue("newsletter"))
	if err != nil {
		return sentBody{}, nil, err
	}
	frameAgain(r, n)
	at, masked := s.openWord(sentPath, r.PostFormValue("to"))
	if at != noTime || masked == "" {
		return sentBody{}, nil, page.BadRequest(errors.New("the masked address is not one of ours"))
	}
	return sentBody{
		Newsletter: n, Masked: masked, Handle: r.PostFormValue("handle"),
		Article: s.article(n, r.PostFormValue("article")), Code: r.PostFormValue("code"),
	}, s.Pages.Locale(r, n.Language), nil
}

// again has the confirmation mail sent once more.
func (s *server) again(w http.ResponseWriter, r *http.Request) error {
	b, l, err := s.onPage(r)
	if err != nil {
		return err
	}
	if s.limits.codes(w, r) {
		return errTooMany()
	}
	res, err := s.Subscribers.Resend(r.Context(), b.Handle, middleware.GetClientIPAddr(r.Context()))
	if err != nil {
		return missing(err, token.ErrInvalid)
	}
	if res.Decision != subscriber.Accepted {
		return errTooMany()
	}
	b.Handle = res.Handle
	return s.renderSent(w, r, l, b, sentTold{Late: late(res.Admission), Notice: s.cameOf(res)})
}

// cameOf is what "send again" came to, as the end of the words' key; empty: that
// the mail has to wait.
func (s *server) cameOf(res subscriber.Resent) string {
	switch {
	case res.Sent && late(res.Admission) != "":
		return ""
	case res.Sent:
		return "again_done"
	case res.Next.Sub(s.Clock.Now()) <= time.Minute:
		return "again_wait"
	default:
		return "again_over"
	}
}

// code confirms by the six digits, on the page of that very sign-up; or shows that
// page in another language.
func (s *server) code(w http.ResponseWriter, r *http.Request) error {
	b, l, err := s.onPage(r)
	if err != nil {
		return err
	}
	if len(b.Code) > maxCode {
		return page.BadRequest(errors.New("code is too long"))
	}
	if shows(r) {
		var told sentTold
		s.toldBefore(r, &told)
		return s.renderSent(w, r, l, b, told)
	}
	if s.limits.codes(w, r) {
		return errTooMany()
	}
	c, err := s.Subscribers.ConfirmCode(r.Context(), b.Handle, b.Code, shownIn(l, b.Newsletter, codeWording, r))
	if err != nil {
		return err
	}
	switch c.Outcome {
	case subscriber.Confirmed, subscriber.Already:
		return s.confirmedByCode(w, r, c)
	case subscriber.Invalid:
		return page.NotFound(nil)
	}
	return s.renderSent(w, r, l, b, sentTold{Code: codeFault(c.Outcome)})
}

// codeFault is why a code confirms nothing, as the end of the words' key.
func codeFault(o subscriber.Outcome) string {
	switch o {
	case subscriber.WrongCode:
		return "code_wrong"
	case subscriber.NoCode:
		return "code_six"
	default:
		return codeOver
	}
}

const codeOver = "code_over"

const maxCode = 40 // octets: six digits, however they were spaced

func errTooMany() error {
	return &page.Error{Status: http.StatusTooManyRequests, Key: "too_many", RetryAfter: limitWindow}
}

// errClosed is the answer of a newsletter that is archived.
func errClosed() error { return &page.Error{Status: http.StatusGone, Key: "closed"} }

func evidence(r *http.Request) subscriber.Evidence {
	return subscriber.Evidence{IP: middleware.GetClientIPAddr(r.Context()), UserAgent: r.UserAgent()}
}

// formWords are what a form of n says beside its button in l.
type formWords func(l *locale.Locale, n newsletter.Newsletter) string

// shownIn is evidence with the words that the pressed form has in l.
func shownIn(l *locale.Locale, n newsletter.Newsletter, words formWords, r *http.Request) subscriber.Evidence {
	ev := evidence(r)
	ev.Wording, ev.Locale = words(l, n), l.Code()
	return ev
}
