package server

import (
	"cmp"
	"net/http"

	"github.com/go-chi/chi/v5"

	"vistka/internal/newsletter"
	"vistka/internal/subscriber"
	"vistka/internal/token"
)

// addressPage is what the new mailbox's link leads to. It changes nothing.
func (s *server) addressPage(w http.ResponseWriter, r *http.Request) error {
	return s.showAddress(w, r, false)
}

func (s *server) showAddress(w http.ResponseWriter, r *http.Request, again bool) error {
	key := chi.URLParam(r, "token")
	if _, err := s.Keys.Verify(token.NewAddress, key); err != nil {
		return missing(err, token.ErrInvalid)
	}
	c, err := s.Subscribers.AddressPage(r.Context(), key)
	if err != nil {
		return missing(err, token.ErrInvalid)
	}
	return s.renderAddress(w, r, c, again)
}

// confirmAddress is the press of its button.
func (s *server) confirmAddress(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	if !s.byHand(r) {
		return s.showAddress(w, r, true)
	}
	c, err := s.Subscribers.ConfirmAddress(r.Context(), chi.URLParam(r, "token"), evidence(r))
	if err != nil {
		return missing(err, token.ErrInvalid)
	}
	if c.State == subscriber.ChangeDone {
		return s.sayDone(w, r)
	}
	return s.renderAddress(w, r, c, false)
}

func (s *server) renderAddress(w http.ResponseWriter, r *http.Request, c subscriber.AddressChange, again bool) error {
	b := actBody{Title: "address.over_title", Text: "address.over_text"}
	switch c.State {
	case subscriber.ChangeWaiting:
		b = actBody{
			Title: "address.title", Text: "address.text", More: "address.more", Address: c.Typed, Button: "address.button", Action: r.URL.Path, Again: again,
		}
	case subscriber.ChangeDone:
		b = actBody{
			Title: "address.done_title", Text: "address.done_text", Address: c.Old, Status: s.said(r) == saidDone,
			BackURL: "/preferences/" + c.Preferences, BackWords: "address.settings",
		}
	case subscriber.ChangeTaken:
		b = actBody{Title: "address.taken_title", Text: "address.taken_text", More: "address.taken_more"}
	}
	return s.renderAct(w, r, http.StatusOK, c.NewsletterID, c.Locale, b)
}

// keepAddressPage is what the old mailbox's link leads to. It changes nothing.
func (s *server) keepAddressPage(w http.ResponseWriter, r *http.Request) error {
	return s.showKeepAddress(w, r, false)
}

func (s *server) showKeepAddress(w http.ResponseWriter, r *http.Request, again bool) error {
	key := chi.URLParam(r, "token")
	c, err := s.Subscribers.KeepPage(r.Context(), key)
	if err != nil {
		return missing(err, token.ErrInvalid)
	}
	b := actBody{Title: "keep.over_title", Text: "keep.over_text"}
	switch c.State {
	case subscriber.ChangeWaiting:
		b = actBody{Title: "keep.title", Text: "keep.text", More: "keep.more", Address: c.New, Button: "keep.button", Action: r.URL.Path, Again: again}
	case subscriber.ChangeCancelled:
		b = actBody{Title: "keep.done_title", Text: "keep.done_text", Address: c.Old, Status: s.said(r) == saidDone}
	case subscriber.ChangeDone:
		n, err := newsletter.Get(r.Context(), s.DB, c.NewsletterID)
		if err != nil {
			return err
		}
		b = actBody{Title: "keep.late_title", Text: "keep.late_text", More: "data.moved_more", Write: cmp.Or(n.ReplyTo, n.FromAddress)}
	}
	switch {
	case c.Closable:
		b.More, b.Button, b.Action, b.Again = "keep.close", "keep.close_button", r.URL.Path, again
	case c.Closed:
		b.More = "keep.done_more"
	}
	return s.renderAct(w, r, http.StatusOK, c.NewsletterID, c.Locale, b)
}

// keepAddress is the press of its button.
func (s *server) keepAddress(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	if !s.byHand(r) {
		return s.showKeepAddress(w, r, true)
	}
	if _, err := s.Subscribers.KeepAddress(r.Context(), chi.URLParam(r, "token")); err != nil {
		return missing(err, token.ErrInvalid)
	}
	return s.sayDone(w, r)
}
