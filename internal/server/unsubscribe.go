package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/subscriber"
	"vistka/internal/token"
)

// unsubscribeBody is the Body of pages/unsubscribe.html.
type unsubscribeBody struct {
	Name, Masked, Action, Shown string
	Again                       string // the act that was pressed too fast for a person
	Weekly, Pause               bool   // may be had instead
	Others                      int    // newsletters that "stop everything" ends too
}

// unsubscribedBody is the Body of pages/unsubscribed.html.
type unsubscribedBody struct {
	Gone, UndoOver, Again                   bool
	Told                                    bool   // of the press that led here
	Until                                   string // when the undo ends
	All                                     int    // how many one press ended and its undo restores; 0: this one
	Apart                                   string // names of what that press ended, if this was left before
	Press                                   string // which press its undo takes back; empty: the one that ended this
	Back                                    int    // how many are back by that undo, where this was left before; 0: it was not pressed
	BackNames                               string // of these
	Name, Action, Shown, SubscribeURL, Site string
	OwnURL                                  string // where a link to the reader's data is asked for

	back []string // names of what is back
}

const pauseOffered = 30 * 24 * time.Hour

// unsubscribePage asks once. It changes nothing: scanners open every link of a mail.
func (s *server) unsubscribePage(w http.ResponseWriter, r *http.Request) error {
	left, err := s.Subscribers.LeavePage(r.Context(), chi.URLParam(r, "token"), pressOf(r))
	if err != nil {
		return missing(err, token.ErrInvalid)
	}
	if left.Already {
		said := s.said(r)
		b := unsubscribedBody{UndoOver: said == "over", Told: said != ""}
		if ids, ok := strings.CutPrefix(said, "back "); ok {
			names, err := s.namesOf(r.Context(), ids)
			if err != nil {
				return err
			}
			b.back = names
		}
		return s.renderLeft(w, r, left, b)
	}
	return s.askLeave(w, r, left, "")
}

// askLeave shows the button, and what one may do instead.
func (s *server) askLeave(w http.ResponseWriter, r *http.Request, left subscriber.Left, again string) error {
	key := chi.URLParam(r, "token")
	n, err := newsletter.Get(r.Context(), s.DB, left.NewsletterID)
	if err != nil {
		return err
	}
	p, err := s.Subscribers.Preferences(r.Context(), key)
	if err != nil {
		return missing(err, subscriber.ErrNoReader)
	}
	l := s.Pages.Locale(r, left.Locale, n.Language)
	return s.Pages.Render(w, r, http.StatusOK, "pages/unsubscribe", page.View{
		L: l, Title: l.T("unsubscribe.title", "name", n.Name), Site: siteOf(n), Languages: s.languages(r, l), Body: unsubscribeBody{
			Name: n.Name, Masked: left.Masked, Action: "/unsubscribe/" + key, Shown: s.shown(r), Again: again,
			Weekly: weeklyIsLess(p.Cadence), Others: left.Others,
			Pause: p.PausedUntil == nil || p.PausedUntil.Before(s.Clock.Now().Add(pauseOffered)),
		},
	})
}

// renderLeft is the page of who has left, or is no longer stored; b says what a
// press left to say.
func (s *server) renderLeft(w http.ResponseWriter, r *http.Request, left subscriber.Left, b unsubscribedBody) error {
	key := chi.URLParam(r, "token")
	n, err := newsletter.Get(r.Context(), s.DB, left.NewsletterID)
	if err != nil {
		return err
	}
	l := s.Pages.Locale(r, left.Locale, n.Language)
	b.Gone, b.Name, b.Action, b.Shown, b.Site = !left.Known, n.Name, "/unsubscribe/"+key, s.shown(r), n.SiteURL
	if pressed := r.URL.Query().Get("shown"); s.formAge(tokenForm, pressed) == formGood {
		b.Shown = pressed
	}
	title := l.T("unsubscribe.gone_title")
	if left.Known {
		b.OwnURL = "/preferences/" + key
		b.All = len(left.With)
		if b.All > 0 && !left.Apart {
			b.All++
		}
		if left.Apart {
			b.Apart, b.Press = named(l, left.With), r.FormValue("press")
		}
		title = doneTitle(l, n.Name, b.All)
		b.Back, b.BackNames = len(b.back), named(l, b.back)
		b.Until = localMoment(l, left.Until, left.Zone)
		b.UndoOver = b.UndoOver || s.Clock.Now().After(left.Until)
	}
	if !left.Known || b.UndoOver {
		b.SubscribeURL = signupURL(r, n, l, "")
	}
	return s.Pages.Render(w, r, http.StatusOK, "pages/unsubscribed", page.View{
		L: l, Title: title, Site: siteOf(n), Languages: s.languages(r, l), Body: b,
	})
}

// named lists newsletters, quoted as the words around them quote one.
func named(l *locale.Locale, names []string) string {
	quoted := make([]string, 0, len(names))
	for _, name := range names {
		quoted = append(quoted, l.T("unsubscribe.named", "name", name))
	}
	return strings.Join(quoted, ", ")
}

// doneTitle says what was left.
func doneTitle(l *locale.Locale, name string, all int) string {
	if all > 0 {
		return l.T("unsubscribe.all_title")
	}
	return l.T("unsubscribe.done_title", "name", name)
}

// unsubscribe answers a mail provider's one-click post (RFC 8058 section 3.2)
// at once, without cookie or redirect, as often as it comes; and the buttons of
// the page.
func (s *server) unsubscribe(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	if r.PostFormValue("List-Unsubscribe") == "One-Click" {
		if _, err := s.leave(r, subscriber.FromHeader); err != nil {
			return err
		}
		plain(w, http.StatusOK, "unsubscribed\n")
		return nil
	}
	act := r.PostFormValue("act")
	if act == "" {
		return page.BadRequest(errors.New("neither one-click nor a button of the page"))
	}
	if !s.byHand(r) {
		return s.pressAgain(w, r)
	}
	switch act {
	case "leave":
		if _, err := s.leave(r, subscriber.FromPage); err != nil {
			return err
		}
		return s.justLeft(w, r, time.Time{})
	case "everything":
		press, err := s.leaveAll(r)
		if err != nil {
			return err
		}
		return s.justLeft(w, r, press)
	case "undo":
		return s.undo(w, r)
	case "weekly", "pause":
		return s.lessOften(w, r, act)
	default:
		return page.BadRequest(errors.New("unknown act"))
	}
}

// justLeft leads to the page that says so. A person has just pressed, and need
// not wait once more to undo it. Who only opens the link has no such proof; a
// scanner that submits forms must not bring back who has left. press is the
// moment of "stop everything": what it ended may leave out the newsletter of the
// link, which another press had ended already.
func (s *server) justLeft(w http.ResponseWriter, r *http.Request, press time.Time) error {
	q := url.Values{"shown": {r.PostFormValue("shown")}}
	if !press.IsZero() {
		q.Set("press", strconv.FormatInt(press.UnixMicro(), 10))
	}
	return s.say(w, r, withQuery(r.URL.Path, q), saidDone)
}

// pressOf is the press that an address or a form names; zero: none. It names what
// the reader of the link ended by it and nothing else, so it needs no signature.
func pressOf(r *http.Request) time.Time {
	at, err := strconv.ParseInt(r.FormValue("press"), 10, 64)
	if err != nil || at <= 0 {
		return time.Time{}
	}
	return time.UnixMicro(at)
}

// pressAgain shows the page once more to what pressed too fast for a person.
func (s *server) pressAgain(w http.ResponseWriter, r *http.Request) error {
	left, err := s.Subscribers.LeavePage(r.Context(), chi.URLParam(r, "token"), pressOf(r))
	if err != nil {
		return missing(err, token.ErrInvalid)
	}
	if left.Already {
		return s.renderLeft(w, r, left, unsubscribedBody{Again: r.PostFormValue("act") == "undo"})
	}
	return s.askLeave(w, r, left, r.PostFormValue("act"))
}

// leave ends the subscription, or says 503 within page.Budget: never a false
// yes. Who has left already, or was erased, has what they want.
func (s *server) leave(r *http.Request, source subscriber.LeaveSource) (subscriber.Left, error) {
	left, err := s.Leaving.Unsubscribe(r.Context(), chi.URLParam(r, "token"), source, evidence(r))
	return left, notLeft(err)
}

// leaveAll ends every subscription of the reader, or says 503 as leave does.
func (s *server) leaveAll(r *http.Request) (press time.Time, err error) {
	press, err = s.Leaving.UnsubscribeAll(r.Context(), chi.URLParam(r, "token"), evidence(r))
	return press, notLeft(err)
}

func notLeft(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, token.ErrInvalid):
		return page.NotFound(err)
	default:
		return &page.Error{Status: http.StatusServiceUnavailable, Key: "away", RetryAfter: time.Minute, Err: err}
	}
}

func (s *server) undo(w http.ResponseWriter, r *http.Request) error {
	key := chi.URLParam(r, "token")
	undone, err := s.Subscribers.UndoPress(r.Context(), key, pressOf(r), evidence(r))
	switch {
	case err != nil:
		return missing(err, token.ErrInvalid)
	case undone.Over:
		return s.say(w, r, r.URL.Path, "over")
	case !undone.Active:
		return s.say(w, r, r.URL.Path, "back "+idsOf(undone.Back))
	}
	p, err := s.Subscribers.Preferences(r.Context(), key)
	if err != nil {
		return s.noReader(w, r, err)
	}
	word := "undone"
	if len(undone.Back) > 1 {
		word += ":" + idsOf(undone.Back)
	}
	return s.say(w, r, s.preferencesPath(p), word)
}

// idsOf puts newsletters into the word of a press.
func idsOf(newsletters []int64) string {
	ids := make([]string, 0, len(newsletters))
	for _, id := range newsletters {
		ids = append(ids, strconv.FormatInt(id, 10))
	}
	return strings.Join(ids, ",")
}

// namesOf are the names of the newsletters that idsOf put into a word.
func (s *server) namesOf(ctx context.Context, ids string) ([]string, error) {
	all, err := newsletter.List(ctx, s.DB)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, n := range all {
		if slices.Contains(strings.Split(ids, ","), strconv.FormatInt(n.ID, 10)) {
			names = append(names, n.Name)
		}
	}
	return names, nil
}

func weeklyIsLess(cadence string) bool {
	return cadence == newsletter.Instant || cadence == newsletter.Daily
}

// lessOften changes one thing instead of leaving, and shows the settings.
func (s *server) lessOften(w http.ResponseWriter, r *http.Request, act string) error {
	adjust, said := func(c *subscriber.Change) {
		if weeklyIsLess(c.Cadence) { // the page may be older than the choice of something rarer
			c.Cadence = newsletter.Weekly
		}
	}, "weekly"
	if act == "pause" {
		until := s.Clock.Now().Add(pauseOffered)
		adjust, said = func(c *subscriber.Change) {
			if c.PausedUntil == nil || c.PausedUntil.Before(until) { // never shortens one that lasts longer
				c.PausedUntil = &until
			}
		}, "saved"
	}
	p, err := s.Subscribers.AdjustPreferences(r.Context(), chi.URLParam(r, "token"), adjust, evidence(r))
	return s.sayChanged(w, r, p, err, said)
}

// noReader is the page of who has left when they change something.
func (s *server) noReader(w http.ResponseWriter, r *http.Request, err error) error {
	if !errors.Is(err, subscriber.ErrNoReader) {
		return missing(err, token.ErrInvalid)
	}
	left, err := s.Subscribers.LeavePage(r.Context(), chi.URLParam(r, "token"), time.Time{})
	if err != nil {
		return missing(err, token.ErrInvalid)
	}
	return s.renderLeft(w, r, left, unsubscribedBody{Told: r.Method == http.MethodPost})
}
