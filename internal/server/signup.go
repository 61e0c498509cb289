package server

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
)

// signupBody is the Body of pages/signup.html.
type signupBody struct {
	Newsletter newsletter.Newsletter
	Email      string // as it was typed
	Article    string
	FormToken  string
	Notice     string // above the form
	Error      string // beside the field
	Suggestion string // the address that was perhaps meant
	Kept       string // the address that the suggestion was made for
	Focus      bool   // on the field
	Press      bool   // nothing is wrong: the button is to be pressed once more
	Challenge  string // where the page gets work to do for the form; empty: none

	told *refusal // what it answers a press with
}

// ToMend is for the title.
func (b signupBody) ToMend() bool { return b.Error != "" }

// signupPage is the hosted page of one newsletter.
func (s *server) signupPage(w http.ResponseWriter, r *http.Request) error {
	n, err := s.openNewsletter(r, chi.URLParam(r, "slug"))
	if err != nil {
		return s.others(w, r, err)
	}
	return s.renderSignup(w, r, http.StatusOK, n, signupBody{Article: s.article(n, r.FormValue("article"))})
}

func (s *server) renderSignup(w http.ResponseWriter, r *http.Request, status int, n newsletter.Newsletter, b signupBody) error {
	l := s.Pages.Locale(r, n.Language)
	b.Newsletter = n
	if b.FormToken == "" {
		b.FormToken = s.formToken(signupForm)
	}
	if status != http.StatusServiceUnavailable { // what is away then has the challenge too
		b.Challenge = s.challengeFor(r)
	}
	v := page.View{L: l, Title: l.T("signup.title", "name", n.Name), Site: siteOf(n), Body: b}
	if n.Name == "" {
		v.Title = l.T("signup.button")
	}
	if r.Method != http.MethodPost {
		v.Indexed, v.Languages = !page.Framed(r), s.Pages.Languages(r, l)
	} else {
		v.Languages = s.same(l, r.URL.Path, r.PostForm, b.told)
	}
	v.Kept = b.Email == "" && r.PostFormValue("kept") == ""
	w.Header().Set("Cache-Control", "no-store") // the form's token ages
	return s.Pages.Render(w, r, status, "pages/signup", v)
}

// subscribe takes the form, wherever it stood.
func (s *server) subscribe(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	if len(r.PostForm) == 0 { // also what another Content-Type comes to
		return page.BadRequest(errors.New("the body is no form"))
	}
	n, err := openNow(s.newsletters.get(r.Context(), s.DB, r.PostFormValue("newsletter")))
	if err != nil {
		return s.keep(w, r, err)
	}
	frameAgain(r, n)
	in := input{
		Email: emailaddr.Clean(r.PostFormValue("email")), Kept: emailaddr.Clean(r.PostFormValue("kept")), Article: s.article(n, r.PostFormValue("article")),
		Form: r.PostFormValue("form"), Trap: r.PostFormValue("website"), Wording: r.PostFormValue("wording"),
		Proof: r.PostFormValue("altcha"), Page: true,
	}
	if use := r.PostFormValue("suggested"); use != "" {
		in.Email, in.Kept = use, use
	}
	l := s.Pages.Locale(r, n.Language)
	if shows(r) {
		no := &refusal{Status: http.StatusOK}
		s.toldBefore(r, no)
		return s.refuse(w, r, n, l, in, no)
	}
	got, no, err := s.accept(w, r, n, l, in)
	if err != nil {
		switch e := s.Pages.AsError(err); {
		case errors.Is(err, errCrossOrigin):
			return &page.Error{Status: e.Status, Key: e.Key, Next: formPage(n, in.Article), Err: err}
		case e.Status < http.StatusInternalServerError:
			return err
		}
		page.Failed(r, err)
		no = &refusal{Status: http.StatusServiceUnavailable, Key: "ours", Field: true}
	}
	if no != nil {
		return s.refuse(w, r, n, l, in, no)
	}
	return s.renderSent(w, r, l, sentBody{
		Newsletter: n, Masked: got.Address.Masked(), Handle: got.Handle, Article: in.Article,
	}, sentTold{Late: got.Late})
}

// keep answers while the newsletter cannot even be looked up: the form again,
// with all that was sent, so that nobody types an address twice.
func (s *server) keep(w http.ResponseWriter, r *http.Request, err error) error {
	if s.Pages.AsError(err).Status < http.StatusInternalServerError {
		return s.others(w, r, err)
	}
	page.Failed(r, err)
	n := newsletter.Newsletter{Slug: r.PostFormValue("newsletter")}
	l := s.Pages.Locale(r)
	return s.renderSignup(w, r, http.StatusServiceUnavailable, n, signupBody{
		Email: r.PostFormValue("email"), Article: r.PostFormValue("article"), Error: l.T("signup.ours"), Focus: true,
		told: &refusal{Status: http.StatusServiceUnavailable, Key: "ours", Field: true},
	})
}

// refuse shows our own page with the address kept and the words beside the field.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, n newsletter.Newsletter, l *locale.Locale, in input, no *refusal) error {
	b := signupBody{Email: in.Email, Article: in.Article, Focus: true, told: no}
	words := ""
	if no.Key != "" {
		words = l.T("signup."+no.Key, "domain", no.Domain)
	}
	switch {
	case no.Suggestion != "":
		b.Suggestion, b.Kept = no.Suggestion, in.Email
	case no.Field:
		b.Error = words
	default:
		b.Notice, b.Focus, b.Press = words, false, words != ""
	}
	if no.Key == "once_more" {
		b.FormToken = in.Form // so that the next press need not wait again
	}
	no.retryAfter(w)
	return s.renderSignup(w, r, no.Status, n, b)
}

// others answers a sign-up for a newsletter that has ended or is not there with
// those that there are.
func (s *server) others(w http.ResponseWriter, r *http.Request, err error) error {
	var e *page.Error
	if !errors.As(err, &e) {
		return err
	}
	open, failed := s.open(r.Context())
	if failed != nil {
		return err
	}
	page.Note(r, slog.String("error", err.Error()))
	return s.renderHome(w, r, e, open)
}

// openNewsletter finds a newsletter that takes sign-ups.
func (s *server) openNewsletter(r *http.Request, slug string) (newsletter.Newsletter, error) {
	return openNow(newsletter.BySlug(r.Context(), s.DB, slug))
}

// openNow refuses one that is not there or takes no sign-ups any more.
func openNow(n newsletter.Newsletter, err error) (newsletter.Newsletter, error) {
	if err != nil {
		if errors.Is(err, newsletter.ErrNotFound) {
			err = &page.Error{Status: http.StatusNotFound, Key: "no_newsletter", Err: err}
		}
		return n, err
	}
	if n.ArchivedAt != nil {
		return n, errClosed()
	}
	return n, nil
}

// article keeps a return address only if it is on one of the newsletter's sites.
func (s *server) article(n newsletter.Newsletter, address string) string {
	if len(address) <= maxURL && n.ReturnAllowed(address) {
		return address
	}
	return ""
}

const maxURL = 2000 // octets; what browsers and mail programs agree on

func siteOf(n newsletter.Newsletter) page.Site {
	return page.Site{Name: n.Name, Lang: n.Language, URL: n.SiteURL, Accent: n.Accent, Logo: n.LogoURL, LogoOrigin: newsletter.PictureOrigin(n.LogoURL)}
}

// signupURL is the page with the form, or what a frame shows of it.
func signupURL(r *http.Request, n newsletter.Newsletter, l *locale.Locale, article string) string {
	q := url.Values{"lang": {l.Code()}}
	if article != "" {
		q.Set("article", article)
	}
	path := "/n/"
	if page.Framed(r) {
		path = "/embed/"
	}
	return path + url.PathEscape(n.Slug) + "?" + q.Encode()
}

// formPage is the page with the form, in whatever language.
func formPage(n newsletter.Newsletter, article string) string {
	path := "/n/" + url.PathEscape(n.Slug)
	if article == "" {
		return path
	}
	return path + "?" + url.Values{"article": {article}}.Encode()
}

// accepted is a sign-up that was taken down, whatever the address's state.
type accepted struct {
	Address emailaddr.Address
	Handle  string
	Late    string // why the mail has to wait, see late
}
