package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"vistka/internal/hotline"
	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/token"
)

// hotlineForm is the kind of the forms' token.
const hotlineForm = 'h'

// hotlineHouse is what the hotline's pages stand in: its settings, and the
// sites of all newsletters, for it belongs to none of them.
type hotlineHouse struct {
	hotline.Settings
	newsletters []newsletter.Newsletter
}

// sites is a newsletter in name only: the origins of all that there are.
func (h hotlineHouse) sites() (all newsletter.Newsletter) {
	for _, n := range h.newsletters {
		all.Origins = append(all.Origins, n.Origins...)
	}
	return all
}

// site is whose page it is: a newsletter's of that language, else the first's.
// Without its logo: no other server learns that somebody opened the hotline.
func (h hotlineHouse) site(l *locale.Locale) page.Site {
	if len(h.newsletters) == 0 {
		return page.Site{}
	}
	i := slices.IndexFunc(h.newsletters, func(n newsletter.Newsletter) bool { return n.Language == l.Code() })
	site := siteOf(h.newsletters[max(0, i)])
	site.Logo, site.LogoOrigin = "", ""
	return site
}

// hotlineHouse reads it. Returns a 404 where there is no hotline.
func (s *server) hotlineHouse(ctx context.Context) (h hotlineHouse, err error) {
	if h.Settings, err = s.Hotline.Settings(ctx); err != nil {
		return h, err
	}
	if h.newsletters, err = s.open(ctx); err == nil && !h.Open {
		err = errShut(nil)
	}
	return h, err
}

// frame lets this request's page, an error's too, stand in a frame on a listed site.
func (h hotlineHouse) frame(r *http.Request) {
	page.AllowFrames(r, append([]string{"'self'"}, h.sites().Origins...)...)
}

// frameAgain keeps a person in the frame that a form was pressed in.
func (h hotlineHouse) frameAgain(r *http.Request) {
	if r.FormValue("frame") != "" {
		h.frame(r)
	}
}

// hotlineFrame is the form for a frame on a site: to be called back, or to
// complain with ?form=complaint.
func (s *server) hotlineFrame(w http.ResponseWriter, r *http.Request) error {
	house, err := s.hotlineHouse(r.Context())
	house.frame(r)
	if err != nil {
		return err
	}
	kind := hotline.Callback
	if r.FormValue("form") == string(hotline.Complaint) {
		kind = hotline.Complaint
	}
	return s.emptyHotline(w, r, house, kind)
}

func errShut(err error) error {
	return &page.Error{Status: http.StatusNotFound, Key: "no_hotline", Err: err}
}

// hotlinePage is the form for one kind of request.
func (s *server) hotlinePage(kind hotline.Kind) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		house, err := s.hotlineHouse(r.Context())
		if err != nil {
			return err
		}
		return s.emptyHotline(w, r, house, kind)
	}
}

func (s *server) emptyHotline(w http.ResponseWriter, r *http.Request, house hotlineHouse, kind hotline.Kind) error {
	l := s.Pages.Locale(r)
	return s.renderHotline(w, r, http.StatusOK, l, house, hotlineBody{Request: hotline.Request{Kind: kind, Language: l.Code()}})
}

// takeHotline takes the form, wherever it stood. What was typed is never lost:
// whatever is wrong is said on our own page, with the words kept.
func (s *server) takeHotline(kind hotline.Kind) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := parseForm(r); err != nil {
			return tooLong(kind, err)
		}
		if len(r.PostForm) == 0 { // also what another Content-Type comes to
			return page.BadRequest(errors.New("the body is no form"))
		}
		l := s.Pages.Locale(r)
		b := hotlineBody{Request: s.typed(r, kind, l), Article: r.PostFormValue("article")}
		house, err := s.hotlineHouse(r.Context())
		house.frameAgain(r)
		var receipt hotline.Receipt
		var no *refusal
		switch {
		case err != nil:
		case shows(r):
			no, err = s.hotlineAgain(r, b.Request)
		default:
			receipt, no, err = s.judgeHotline(w, r, house, b.Request)
		}
		var fields hotline.FieldErrors
		switch {
		case errors.As(err, &fields):
			b.Errors = map[string]string{}
			for field, key := range fields {
				b.Errors[field] = l.T(key, "most", l.Number(hotline.MaxText))
			}
			return s.renderHotline(w, r, http.StatusUnprocessableEntity, l, house, b)
		case err != nil && s.Pages.AsError(err).Status < http.StatusInternalServerError:
			return err
		case err != nil:
			page.Failed(r, err)
			no = &refusal{Status: http.StatusServiceUnavailable, Key: "ours"}
		}
		if no != nil {
			no.retryAfter(w)
			if b.told = no; no.Key != "" {
				b.Notice = l.T("hotline." + no.Key)
			}
			return s.renderHotline(w, r, no.Status, l, house, b)
		}
		where := "/hotline/thanks/" + s.sealThanks(kind, receipt.Reference, s.article(house.sites(), b.Article))
		flag := ""
		if page.Framed(r) {
			flag = "frame"
		}
		told := url.Values{"said": {s.signWord(s.Clock.Now().Unix(), where, saidDone)}}
		return seeOtherIn(w, r, withQuery(where, told), flag, l.Code())
	}
}

// tooLong tells of a complaint that is longer than a request may be by how long it
// may be.
func tooLong(kind hotline.Kind, err error) error {
	var large *http.MaxBytesError
	if kind != hotline.Complaint || !errors.As(err, &large) {
		return err
	}
	return &page.Error{Status: http.StatusRequestEntityTooLarge, Key: "complaint_too_large", Most: hotline.MaxText, Err: err}
}

// hotlineAgain is what the page said that is shown in another language.
func (s *server) hotlineAgain(r *http.Request, in hotline.Request) (*refusal, error) {
	no := &refusal{Status: http.StatusOK}
	if s.toldBefore(r, no) && no.Key != "" {
		return no, nil
	}
	if errs := in.Check(); errs != nil {
		return nil, errs
	}
	return no, nil
}

// typed is the request as it stands in the form.
func (s *server) typed(r *http.Request, kind hotline.Kind, l *locale.Locale) hotline.Request {
	v := r.PostFormValue
	in := hotline.Request{
		Kind: kind, Language: v("language"), Name: v("name"), Phone: v("phone"), BestTime: v("best_time"),
		Subject: v("subject"), Text: v("text"), Contact: v("contact"),
	}
	if !s.Pages.Catalog().Has(in.Language) {
		in.Language = l.Code()
	}
	return in
}

// judgeHotline has every check that a request passes, those of a sign-up. It
// returns a refusal for what a press on our own page mends, an error for the
// rest, among them hotline.FieldErrors.
func (s *server) judgeHotline(
	w http.ResponseWriter, r *http.Request, house hotlineHouse, in hotline.Request,
) (hotline.Receipt, *refusal, error) {
	again := func(status int, key string) (hotline.Receipt, *refusal, error) {
		return hotline.Receipt{}, &refusal{Status: status, Key: key}, nil
	}
	own, listed, err := s.origin(r, house.sites())
	if err != nil {
		return again(http.StatusForbidden, "foreign")
	}
	if s.limits.signUps(w, r) {
		return hotline.Receipt{}, &refusal{Status: http.StatusTooManyRequests, Key: "too_many", RetryAfter: limitWindow}, nil
	}
	if errs := in.Check(); errs != nil {
		return hotline.Receipt{}, nil, errs
	}
	age := s.formAge(hotlineForm, r.PostFormValue("form"))
	switch {
	case age == formStale, own && age == formNone:
		return again(http.StatusUnprocessableEntity, "too_old")
	case age == formFresh && !listed, r.PostFormValue("website") != "":
		// The decoy too: nobody whose browser filled it in may think that we have the request.
		return again(http.StatusUnprocessableEntity, "once_more")
	}
	receipt, err := s.Hotline.Submit(r.Context(), hotline.Submission{
		Request: in, IP: middleware.GetClientIPAddr(r.Context()),
		Attested: listed || age == formGood, Challenged: pressed(age, listed),
	})
	switch {
	case errors.Is(err, hotline.ErrShut):
		return receipt, nil, errShut(err)
	case err != nil:
		return receipt, nil, err
	case receipt.Decision == hotline.Challenge:
		return receipt, &refusal{Status: http.StatusTooManyRequests, Key: "challenge", RetryAfter: tooSoon}, nil
	case receipt.Decision == hotline.TooMany:
		return receipt, &refusal{Status: http.StatusTooManyRequests, Key: "too_many", RetryAfter: hotline.RetryAfter}, nil
	}
	return receipt, nil, nil
}

// sealThanks is what the address of the page after a request has of it, sealed: so
// nobody else's number stands under our name, and no log on the way tells the article.
func (s *server) sealThanks(kind hotline.Kind, reference, article string) string {
	return s.Keys.Seal(token.Hotline, []byte(string(kind)+" "+reference+" "+article))
}

// hotlineThanks is the page after a request, with its reference and the way back to
// where the form stood, which is kept nowhere but in this address.
func (s *server) hotlineThanks(w http.ResponseWriter, r *http.Request) error {
	payload, err := s.Keys.Open(token.Hotline, chi.URLParam(r, "token"))
	if err != nil {
		return page.NotFound(err)
	}
	kind, rest, _ := strings.Cut(string(payload), " ")
	reference, article, _ := strings.Cut(rest, " ")
	house, err := s.hotlineHouse(r.Context())
	house.frameAgain(r)
	if err != nil {
		return err
	}
	l := s.Pages.Locale(r)
	site := house.site(l)
	return s.Pages.Render(w, r, http.StatusOK, "pages/hotline_thanks", page.View{
		L: l, Title: l.T("hotline.thanks_title"), Site: site, Languages: s.Pages.Languages(r, l),
		Body: hotlineThanksBody{
			Kind: hotline.Kind(kind), Reference: reference, Reach: reachOf(l, house.Settings), Article: s.article(house.sites(), article), Site: site.URL,
			Told: s.said(r) == saidDone,
		},
	})
}

// hotlineURL is the page of a kind, in the reader's language, framed as this one is.
func hotlineURL(r *http.Request, kind hotline.Kind, l *locale.Locale) string {
	if page.Framed(r) {
		return "/embed/hotline?" + url.Values{"form": {string(kind)}, "lang": {l.Code()}}.Encode()
	}
	return "/hotline/" + string(kind) + "?" + url.Values{"lang": {l.Code()}}.Encode()
}
