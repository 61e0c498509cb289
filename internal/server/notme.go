package server

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"vistka/internal/page"
	"vistka/internal/token"
)

// notMeBody is the Body of pages/notme.html.
type notMeBody struct {
	Done          bool
	Action, Shown string
}

// notMePage asks whether to stop confirmation mails to this address.
func (s *server) notMePage(w http.ResponseWriter, r *http.Request) error {
	return s.showNotMe(w, r, false)
}

// notMe stops them. A subscription that is there stays.
func (s *server) notMe(w http.ResponseWriter, r *http.Request) error {
	if !s.byHand(r) {
		return s.showNotMe(w, r, false)
	}
	ok, err := s.Subscribers.NotMe(r.Context(), chi.URLParam(r, "token"))
	if err != nil {
		return err
	}
	if !ok {
		return page.NotFound(nil)
	}
	return s.showNotMe(w, r, true)
}

func (s *server) showNotMe(w http.ResponseWriter, r *http.Request, done bool) error {
	key := chi.URLParam(r, "token")
	if _, err := s.Keys.Verify(token.NotMe, key); err != nil {
		return page.NotFound(err)
	}
	l := s.Pages.Locale(r, "")
	title := l.T("notme.title")
	if done {
		title = l.T("notme.done_title")
	}
	return s.Pages.Render(w, r, http.StatusOK, "pages/notme", page.View{
		L: l, Title: title, Languages: s.languages(r, l),
		Body: notMeBody{Done: done, Action: "/not-me/" + key, Shown: s.formToken(tokenForm)},
	})
}
