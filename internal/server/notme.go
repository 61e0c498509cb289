package server

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/token"
)

// notMeBody is the Body of pages/notme.html.
type notMeBody struct {
	Done, Again                 bool
	Name, Masked, Action, Shown string
}

// notMePage asks whether to stop confirmation mails to this address.
func (s *server) notMePage(w http.ResponseWriter, r *http.Request) error {
	return s.showNotMe(w, r, false)
}

// notMe stops them. A subscription that is there stays.
func (s *server) notMe(w http.ResponseWriter, r *http.Request) error {
	if !s.byHand(r) {
		return s.showNotMe(w, r, true)
	}
	if s.limits.codes(w, r) {
		return errTooMany()
	}
	ok, err := s.Subscribers.NotMe(r.Context(), chi.URLParam(r, "token"))
	if err != nil {
		return err
	}
	if !ok {
		return page.NotFound(nil)
	}
	return seeOther(w, r, r.URL.Path, "")
}

// showNotMe is the page in the language of the mail that led to it.
func (s *server) showNotMe(w http.ResponseWriter, r *http.Request, again bool) error {
	key := chi.URLParam(r, "token")
	asked, err := s.Subscribers.NotMePage(r.Context(), key)
	if err != nil {
		return missing(err, token.ErrInvalid)
	}
	if asked.NewsletterID == 0 {
		return &page.Error{Status: http.StatusGone, Key: "gone"} // purged: it mails nobody any more
	}
	n, err := newsletter.Get(r.Context(), s.DB, asked.NewsletterID)
	if err != nil {
		return err
	}
	l := s.Pages.Locale(r, asked.Locale)
	title := l.T("notme.title")
	if asked.Stopped {
		title = l.T("notme.done_title")
	}
	return s.Pages.Render(w, r, http.StatusOK, "pages/notme", page.View{
		L: l, Title: title, Site: siteOf(n), Languages: s.languages(r, l),
		Body: notMeBody{Done: asked.Stopped, Again: again, Name: n.Name, Masked: asked.Masked, Action: "/not-me/" + key, Shown: s.shown(r)},
	})
}
