package server

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/subscriber"
	"vistka/internal/token"
)

// notMeBody is the Body of pages/notme.html.
type notMeBody struct {
	Done, Again                 bool
	Told                        bool // of the press that led here
	Moves                       bool // asked as the new address of a reader, not by a sign-up
	Moved                       bool // which it has become
	Name, Masked, Action, Shown string
}

// notMePage asks whether to stop confirmation mails to this address.
func (s *server) notMePage(w http.ResponseWriter, r *http.Request) error {
	return s.showNotMe(w, r, false)
}

// notMyAddressPage asks the same of the mailbox that a reader wished mail to come to.
func (s *server) notMyAddressPage(w http.ResponseWriter, r *http.Request) error {
	return s.showNotMyAddress(w, r, false)
}

// notMe stops them. A subscription that is there stays.
func (s *server) notMe(w http.ResponseWriter, r *http.Request) error {
	return s.stopAsking(w, r, s.showNotMe, s.Subscribers.NotMe)
}

// notMyAddress stops them and the change.
func (s *server) notMyAddress(w http.ResponseWriter, r *http.Request) error {
	return s.stopAsking(w, r, s.showNotMyAddress, s.Subscribers.NotMyAddress)
}

func (s *server) stopAsking(
	w http.ResponseWriter, r *http.Request,
	show func(w http.ResponseWriter, r *http.Request, again bool) error, stop func(ctx context.Context, link string) (bool, error),
) error {
	if !s.byHand(r) {
		return show(w, r, true)
	}
	if s.limits.codes(w, r) {
		return errTooMany()
	}
	ok, err := stop(r.Context(), chi.URLParam(r, "token"))
	if err != nil {
		return err
	}
	if !ok {
		return page.NotFound(nil)
	}
	return s.sayDone(w, r)
}

// showNotMe is the page in the language of the mail that led to it.
func (s *server) showNotMe(w http.ResponseWriter, r *http.Request, again bool) error {
	key := chi.URLParam(r, "token")
	asked, err := s.Subscribers.NotMePage(r.Context(), key)
	if err != nil {
		return missing(err, token.ErrInvalid)
	}
	if asked.NewsletterID == 0 {
		return &page.Error{Status: http.StatusGone, Key: "erased"} // purged: it mails nobody any more
	}
	return s.renderNotMe(w, r, asked, notMeBody{Again: again, Masked: asked.Masked, Action: "/not-me/" + key})
}

func (s *server) showNotMyAddress(w http.ResponseWriter, r *http.Request, again bool) error {
	key := chi.URLParam(r, "token")
	asked, err := s.Subscribers.NotMyAddressPage(r.Context(), key)
	if err != nil {
		return missing(err, token.ErrInvalid)
	}
	return s.renderNotMe(w, r, asked, notMeBody{Moves: true, Moved: asked.Moved, Again: again, Action: "/not-my-address/" + key})
}

func (s *server) renderNotMe(w http.ResponseWriter, r *http.Request, asked subscriber.Unasked, b notMeBody) error {
	n, err := newsletter.Get(r.Context(), s.DB, asked.NewsletterID)
	if err != nil {
		return err
	}
	b.Done, b.Name, b.Shown, b.Told = asked.Stopped, n.Name, s.shown(r), s.said(r) == saidDone
	l := s.Pages.Locale(r, asked.Locale, n.Language)
	title := l.T("notme.title")
	if asked.Stopped {
		title = l.T("notme.done_title")
	}
	return s.Pages.Render(w, r, http.StatusOK, "pages/notme", page.View{
		L: l, Title: title, Site: siteOf(n), Languages: s.languages(r, l),
		Body: b,
	})
}
