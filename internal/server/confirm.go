package server

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"vistka/internal/article"
	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/subscriber"
	"vistka/internal/token"
)

// confirmBody is the Body of pages/confirm.html.
type confirmBody struct {
	Name, Masked, Action, Shown, NotMe string
	Again                              bool   // it was pressed too fast for a person
	CodeOver                           bool   // no code works any more
	Code, CodeError                    string // as typed, and what is wrong with it
}

// ToMend is for the title.
func (b confirmBody) ToMend() bool { return b.CodeError != "" }

// confirmedBody is the Body of pages/confirmed.html.
type confirmedBody struct {
	Already              bool
	Name, Masked, Thanks string
	Cadence, SettingsURL string
	Volume               string // how many mails that is; empty: there is no history to speak from
	Article, Site        string
	Latest               []Article
}

// refusedBody is the Body of pages/refused.html.
type refusedBody struct{ Name, Masked, Write string }

// What a press on the page behind a confirmation's link came to, as s.say puts it.
// Each holds for one state of the link alone, so that neither is told of the other.
const (
	saidConfirmed = "confirmed"
	saidFresh     = "fresh" // a fresh mail was asked for; with a word of late if it has to wait
)

// confirmPage shows the button. It changes nothing, however often it is opened.
func (s *server) confirmPage(w http.ResponseWriter, r *http.Request) error {
	return s.showConfirm(w, r, confirmBody{})
}

// showConfirm shows what the link can do; b has what a press left to say.
func (s *server) showConfirm(w http.ResponseWriter, r *http.Request, b confirmBody) error {
	c, err := s.Subscribers.ConfirmPage(r.Context(), chi.URLParam(r, "token"))
	if err != nil {
		return err
	}
	if c.Outcome == subscriber.Already && s.said(r) == saidConfirmed {
		c.Outcome = subscriber.Confirmed // by the press that led here
	}
	return s.renderOutcome(w, r, c, b)
}

// confirm is the press of the button, or the code instead; on the page of an
// expired link, the wish for a fresh mail.
func (s *server) confirm(w http.ResponseWriter, r *http.Request) error {
	key := chi.URLParam(r, "token")
	if shows(r) {
		b := confirmBody{Again: true, Code: r.PostFormValue("code")}
		s.toldBefore(r, &b.CodeError)
		return s.showConfirm(w, r, b)
	}
	if code := r.PostFormValue("code"); r.PostForm.Has("code") { // empty too: it was the code's button
		return s.confirmCode(w, r, key, code)
	}
	if !s.byHand(r) {
		return s.showConfirm(w, r, confirmBody{Again: true})
	}
	if r.PostFormValue("fresh") != "" {
		return s.renew(w, r, key)
	}
	ev, c, err := s.shownAt(r, key, confirmWording)
	if err == nil && c.Outcome == subscriber.Ready {
		c, err = s.Subscribers.Confirm(r.Context(), key, ev)
	}
	if err != nil {
		return err
	}
	switch c.Outcome {
	case subscriber.Confirmed:
		return s.say(w, r, "/confirm/"+key, saidConfirmed)
	case subscriber.Already: // by the same press, made twice
		return s.seeOther(w, r, "/confirm/"+key, "")
	}
	return s.renderOutcome(w, r, c, confirmBody{})
}

// confirmCode confirms by the digits of the mail: the way for a person whose
// presses look like a program's.
func (s *server) confirmCode(w http.ResponseWriter, r *http.Request, key, code string) error {
	if s.limits.codes(w, r) {
		return errTooMany()
	}
	if len(code) > maxCode {
		return page.BadRequest(errors.New("code is too long"))
	}
	ev, c, err := s.shownAt(r, key, codeWording)
	if err == nil && c.Outcome == subscriber.Ready {
		c, err = s.Subscribers.ConfirmCodeAt(r.Context(), key, code, ev)
	}
	if err != nil {
		return err
	}
	words := map[subscriber.Outcome]string{
		subscriber.WrongCode: "sent.code_wrong", subscriber.NoCode: "sent.code_six", subscriber.CodeSpent: "confirm.code_spent",
	}
	switch {
	case c.Outcome == subscriber.Confirmed:
		return s.say(w, r, "/confirm/"+key, saidConfirmed)
	case words[c.Outcome] != "":
		return s.showConfirm(w, r, confirmBody{Again: true, Code: code, CodeError: words[c.Outcome]})
	}
	return s.renderOutcome(w, r, c, confirmBody{})
}

// shownAt is evidence with the words of a form on the page behind a link. There is
// one where the link is Ready, and none else.
func (s *server) shownAt(r *http.Request, key string, words formWords) (ev subscriber.Evidence, c subscriber.Confirmation, err error) {
	c, err = s.Subscribers.ConfirmPage(r.Context(), key)
	if err != nil || c.Outcome != subscriber.Ready {
		return ev, c, err
	}
	n, err := newsletter.Get(r.Context(), s.DB, c.NewsletterID)
	return shownIn(s.Pages.Locale(r, c.Locale, n.Language), n, words, r), c, err
}

// renderOutcome finds the page for what a link can still do.
func (s *server) renderOutcome(w http.ResponseWriter, r *http.Request, c subscriber.Confirmation, b confirmBody) error {
	key := chi.URLParam(r, "token")
	switch c.Outcome {
	case subscriber.Invalid:
		return page.NotFound(nil)
	case subscriber.Suppressed:
		return &page.Error{Status: http.StatusGone, Key: "gone"}
	case subscriber.Closed:
		return errClosed()
	case subscriber.Confirmed, subscriber.Already:
		return s.renderConfirmed(w, r, c)
	}
	if c.Outcome.Renews() {
		return s.renderExpired(w, r, c, b.Again)
	}
	n, err := newsletter.Get(r.Context(), s.DB, c.NewsletterID)
	if err != nil {
		return err
	}
	l := s.Pages.Locale(r, c.Locale, n.Language)
	if c.Outcome == subscriber.Refused {
		return s.Pages.Render(w, r, http.StatusOK, "pages/refused", page.View{
			L: l, Title: l.T("refused.title"), Site: siteOf(n), Languages: s.languages(r, l),
			Body: refusedBody{Name: n.Name, Masked: c.Masked, Write: cmp.Or(n.ReplyTo, n.FromAddress)},
		})
	}
	b.Name, b.Masked, b.Action, b.Shown, b.NotMe = n.Name, c.Masked, "/confirm/"+key, s.shown(r), s.notMeURL(key, l)
	b.CodeOver = c.CodeOver
	status, languages := http.StatusOK, s.languages(r, l)
	if b.Again { // the only page of these that a GET does not make
		languages = s.same(l, r.URL.Path, r.PostForm, b.CodeError)
	}
	if b.CodeError != "" {
		status, b.CodeError = http.StatusUnprocessableEntity, l.T(b.CodeError)
	}
	return s.Pages.Render(w, r, status, "pages/confirm", page.View{
		L: l, Title: l.T("confirm.title"), Site: siteOf(n), Languages: languages, Body: b,
	})
}

// notMeURL turns a confirmation's link into its "this wasn't me": both name
// the same sign-up.
func (s *server) notMeURL(key string, l *locale.Locale) string {
	payload, err := s.Keys.Verify(token.Confirm, key)
	if err != nil {
		return ""
	}
	return "/not-me/" + s.Keys.Sign(token.NotMe, payload) + "?lang=" + l.Code()
}

const latestShown = 3

func (s *server) renderConfirmed(w http.ResponseWriter, r *http.Request, c subscriber.Confirmation) error {
	n, err := newsletter.Get(r.Context(), s.DB, c.NewsletterID)
	if err != nil {
		return err
	}
	l := s.Pages.Locale(r, c.Locale, n.Language)
	b := confirmedBody{
		Already: c.Outcome == subscriber.Already, Name: n.Name, Masked: c.Masked, Thanks: thanks(l, n),
		Article: s.article(n, c.ArticleURL), Site: n.SiteURL,
	}
	title := l.T("confirm.already_title")
	if !b.Already {
		p, err := s.Subscribers.Preferences(r.Context(), c.Preferences)
		if err != nil {
			return missing(err, subscriber.ErrNoReader)
		}
		title, b.Cadence = l.T("confirmed.title"), p.Cadence
		volume, err := article.MonthlyVolume(r.Context(), s.DB, n.ID, p.Topics, s.Clock.Now())
		if err != nil {
			return err
		}
		b.Volume = volumeWords(l, volume, b.Cadence)
	}
	if c.Preferences != "" {
		b.SettingsURL = "/preferences/" + c.Preferences + "?lang=" + l.Code()
	}
	if s.Latest != nil {
		if b.Latest, err = s.Latest(r.Context(), n.ID, latestShown); err != nil {
			page.Failed(r, err) // the thank-you stands without them
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	return s.Pages.Render(w, r, http.StatusOK, "pages/confirmed", page.View{
		L: l, Title: title, Site: siteOf(n), Languages: s.languages(r, l), Body: b,
	})
}

// thanks are the site's own words, or ours.
func thanks(l *locale.Locale, n newsletter.Newsletter) string {
	return cmp.Or(n.Thanks[l.Code()], l.T("confirmed.title"))
}

// languages is the switch of a page. From one that answers a press it leads to the
// page whose button was pressed, which shows the same but for what the press came to.
func (s *server) languages(r *http.Request, l *locale.Locale) []page.Link {
	path, q := r.URL.Path, url.Values{}
	switch {
	case r.Method != http.MethodPost:
		return s.Pages.Languages(r, l)
	case strings.HasPrefix(path, "/subscribe"): // the form may stand anywhere
		return s.same(l, path, url.Values{"newsletter": r.PostForm["newsletter"]}, nil)
	case strings.HasPrefix(path, "/data/"):
		path = strings.TrimSuffix(path, "/address")
	}
	if press := r.PostFormValue("press"); press != "" {
		q.Set("press", press)
	}
	return s.Pages.LanguagesAt(path, q, l)
}

// byHand tells a person's press from a program that submits the form on load:
// two seconds must have passed since the page was made, and where scripts run,
// a trusted pointer or key event must have been seen (static/guard.js).
func (s *server) byHand(r *http.Request) bool {
	age := s.formAge(tokenForm, r.PostFormValue("shown"))
	return (age == formGood || age == formStale) && r.PostFormValue("hand") != "none"
}
