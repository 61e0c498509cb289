package server

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/subscriber"
	"vistka/internal/token"
)

// expiredBody is the Body of pages/expired.html: a link that confirms nothing any
// more, or the fresh mail that was asked for there.
type expiredBody struct {
	Why           string // of expiredWords
	Late          string // why the fresh mail has to wait, see late
	Name, Masked  string
	Again         bool // it was pressed too fast for a person
	Action, Shown string
	UndoURL       string // where leaving can be taken back
}

// expiredWords are why a link confirms nothing, as the words' keys have it.
var expiredWords = map[subscriber.Outcome]string{
	subscriber.Expired: "expired", subscriber.Replaced: "replaced", subscriber.HasLeft: "left", subscriber.Used: "used",
}

func (s *server) renew(w http.ResponseWriter, r *http.Request, key string) error {
	c, err := s.Subscribers.ConfirmPage(r.Context(), key)
	if err != nil {
		return err
	}
	if !c.Outcome.Renews() {
		return s.renderOutcome(w, r, c, confirmBody{})
	}
	res, err := s.Subscribers.Renew(r.Context(), key, middleware.GetClientIPAddr(r.Context()), r.UserAgent())
	if err != nil {
		return missing(err, token.ErrInvalid)
	}
	if res.Decision != subscriber.Accepted {
		return errTooMany()
	}
	return s.say(w, r, "/confirm/"+key, strings.TrimSpace(saidFresh+" "+late(res.Admission)))
}

// renderExpired says why a link confirms nothing, and offers a fresh mail; after
// that was asked for, that it comes: the link is then a replaced one.
func (s *server) renderExpired(w http.ResponseWriter, r *http.Request, c subscriber.Confirmation, again bool) error {
	if c.NewsletterID == 0 {
		return &page.Error{Status: http.StatusGone, Key: "erased"} // purged: only the form helps
	}
	n, err := newsletter.Get(r.Context(), s.DB, c.NewsletterID)
	if err != nil {
		return err
	}
	l := s.Pages.Locale(r, c.Locale, n.Language)
	b := expiredBody{
		Why: expiredWords[c.Outcome], Name: n.Name, Masked: c.Masked,
		Again: again, Action: "/confirm/" + chi.URLParam(r, "token"), Shown: s.shown(r),
	}
	if word, late, _ := strings.Cut(s.said(r), " "); word == saidFresh && c.Outcome == subscriber.Replaced {
		b.Why, b.Late = "fresh", late
	}
	if c.Leave != "" {
		b.UndoURL = "/unsubscribe/" + c.Leave + "?lang=" + l.Code()
	}
	return s.Pages.Render(w, r, http.StatusOK, "pages/expired", page.View{
		L: l, Title: expiredTitle(l, b), Site: siteOf(n), Languages: s.languages(r, l), Body: b,
	})
}

func expiredTitle(l *locale.Locale, b expiredBody) string {
	return l.T("confirm."+b.Why+"_title", "name", b.Name)
}
