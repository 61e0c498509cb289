package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"vistka/internal/page"
	"vistka/internal/subscriber"
	"vistka/internal/token"
)

// undoFor is how long a press on the settings can be taken back.
const undoFor = 24 * time.Hour

// undo is the settings as they were before a press, and the sum of those that it
// made: what was chosen later is not thrown away. Sealed, it travels in the
// address of the page that says what the press did, so that nothing is stored
// and the page needs no cookie.
type undo struct {
	Newsletter, Subscriber int64
	At                     int64 // Unix seconds
	Change                 subscriber.Change
	Made                   string
}

func (s *server) sealUndo(p subscriber.Saved) string {
	raw, err := json.Marshal(undo{p.NewsletterID, p.SubscriberID, s.Clock.Now().Unix(), p.Before.Change(), p.Sum()})
	if err != nil {
		return "" // no way back is offered
	}
	return s.Keys.Seal(token.Undo, raw)
}

// openUndo opens the way back, if it is this reader's and not too old.
func (s *server) openUndo(sealed string, p subscriber.Preferences) (undo, bool) {
	raw, err := s.Keys.Open(token.Undo, sealed)
	var u undo
	if err != nil || json.Unmarshal(raw, &u) != nil {
		return u, false
	}
	fresh := s.Clock.Now().Sub(time.Unix(u.At, 0)) <= undoFor
	return u, fresh && u.Newsletter == p.NewsletterID && u.Subscriber == p.SubscriberID
}

// undoPreferences saves the settings of before a press, or says that they were
// changed since.
func (s *server) undoPreferences(w http.ResponseWriter, r *http.Request) error {
	key := chi.URLParam(r, "token")
	p, err := s.Subscribers.Preferences(r.Context(), key)
	if err != nil {
		return s.noReader(w, r, err)
	}
	u, ok := s.openUndo(r.PostFormValue("undo"), p)
	if !ok {
		return page.BadRequest(nil)
	}
	back, err := s.Subscribers.UndoPreferences(r.Context(), key, u.Made, u.Change, evidence(r))
	if errors.Is(err, subscriber.ErrChangedSince) {
		return s.say(w, r, s.preferencesPath(p), "changedsince")
	}
	if err != nil {
		return s.noReader(w, r, err)
	}
	return s.sayOf(w, r, s.preferencesPath(p), "asbefore", back.Preferences)
}
