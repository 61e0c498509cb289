package server

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/subscriber"
)

// preferencesBody is the Body of pages/preferences.html.
type preferencesBody struct {
	Name, Masked, Action, LeaveURL string
	Notice, Paused                 string
	Cadence                        string
	Cadences                       []string
	Zone                           string
	Hours, Locales, Pauses         []option
}

type option struct {
	Value, Label string
	Selected     bool
}

func (s *server) preferencesPage(w http.ResponseWriter, r *http.Request) error {
	p, err := s.Subscribers.Preferences(r.Context(), chi.URLParam(r, "token"))
	if err != nil {
		return s.noReader(w, r, err)
	}
	return s.renderPreferences(w, r, p, saidBefore(r))
}

// savePreferences saves everything with one press, and says so.
func (s *server) savePreferences(w http.ResponseWriter, r *http.Request) error {
	key := chi.URLParam(r, "token")
	if err := parseForm(r); err != nil {
		return err
	}
	p, err := s.Subscribers.Preferences(r.Context(), key)
	if err != nil {
		return s.noReader(w, r, err)
	}
	c, err := s.change(r, p)
	if err != nil {
		return page.BadRequest(err)
	}
	p, err = s.Subscribers.SavePreferences(r.Context(), key, c, evidence(r))
	if errors.Is(err, subscriber.ErrBadPreferences) {
		return page.BadRequest(err)
	}
	if err != nil {
		return s.noReader(w, r, err)
	}
	return seeOther(w, r, s.preferencesPath(p), "saved")
}

// saidBefore is the key of the words about the press that led to the page.
func saidBefore(r *http.Request) string {
	for name, key := range map[string]string{
		"saved": "preferences.saved", "weekly": "preferences.saved_weekly", "undone": "unsubscribe.undone",
	} {
		if r.FormValue(name) != "" {
			return key
		}
	}
	return ""
}

func (s *server) preferencesPath(p subscriber.Preferences) string {
	return "/preferences/" + subscriber.PreferencesToken(s.Keys, p.NewsletterID, p.SubscriberID)
}

// changeOf keeps everything as it is.
func changeOf(p subscriber.Preferences) subscriber.Change {
	return subscriber.Change{Cadence: p.Cadence, Locale: p.Locale, Zone: p.Zone, Hour: p.Hour, PausedUntil: p.PausedUntil}
}

// change reads the form; what is absent stays as it is, what is there must be
// one of the values that the page offers.
func (s *server) change(r *http.Request, p subscriber.Preferences) (subscriber.Change, error) {
	c := changeOf(p)
	if v := r.PostFormValue("cadence"); v != "" {
		c.Cadence = v // the domain knows which there are
	}
	if v := r.PostFormValue("locale"); v != "" {
		if !s.Pages.Catalog().Has(v) {
			return c, errors.New("language is none of ours")
		}
		c.Locale = v
	}
	if v := r.PostFormValue("hour"); v != "" {
		hour, err := strconv.ParseInt(v, 10, 16)
		if err != nil {
			return c, fmt.Errorf("hour: %w", err)
		}
		c.Hour = int16(hour)
	}
	switch v := r.PostFormValue("pause"); v {
	case "", "keep":
	case "none":
		c.PausedUntil = nil
	default:
		length, ok := pauseLength(v)
		if !ok {
			return c, errors.New("pause is none of ours")
		}
		until := s.Clock.Now().Add(length)
		c.PausedUntil = &until
	}
	return c, nil
}

// pauseLength is what the page offers, beside none and "as now".
func pauseLength(name string) (time.Duration, bool) {
	switch name {
	case "week":
		return 7 * 24 * time.Hour, true
	case "month":
		return 30 * 24 * time.Hour, true
	case "quarter":
		return 91 * 24 * time.Hour, true
	default:
		return 0, false
	}
}

func (s *server) renderPreferences(w http.ResponseWriter, r *http.Request, p subscriber.Preferences, said string) error {
	if p.Ended {
		return s.renderLeft(w, r, subscriber.Left{Reader: p.Reader, Known: true, Already: true}, unsubscribedBody{})
	}
	n, err := newsletter.Get(r.Context(), s.DB, p.NewsletterID)
	if err != nil {
		return err
	}
	l := s.Pages.Locale(r, p.Locale)
	b := s.preferencesBody(l, n.Name, p)
	if said != "" {
		b.Notice = l.T(said)
	}
	return s.Pages.Render(w, r, http.StatusOK, "pages/preferences", page.View{
		L: l, Title: l.T("preferences.title"), Site: siteOf(n), Languages: s.languages(r, l), Body: b,
	})
}

func (s *server) preferencesBody(l *locale.Locale, name string, p subscriber.Preferences) preferencesBody {
	b := preferencesBody{
		Name: name, Masked: p.Masked, Cadence: p.Cadence, Cadences: newsletter.Cadences(), Zone: zoneWords(s.Clock.Now(), p.Zone),
		Action:   s.preferencesPath(p),
		LeaveURL: "/unsubscribe/" + subscriber.UnsubscribeToken(s.Keys, p.NewsletterID, p.SubscriberID) + "?lang=" + l.Code(),
	}
	for h := range 24 {
		b.Hours = append(b.Hours, option{strconv.Itoa(h), fmt.Sprintf("%02d:00", h), int16(h) == p.Hour})
	}
	for _, other := range s.Pages.Catalog().All() {
		b.Locales = append(b.Locales, option{other.Code(), other.Name(), other.Code() == p.Locale})
	}
	if p.PausedUntil != nil {
		date := until(l, *p.PausedUntil, p.Zone)
		b.Paused = l.T("preferences.paused", "date", date)
		b.Pauses = append(b.Pauses, option{"keep", l.T("preferences.pause_keep", "date", date), true})
	}
	for _, v := range []string{"none", "week", "month", "quarter"} {
		b.Pauses = append(b.Pauses, option{v, l.T("preferences.pause_" + v), v == "none" && p.PausedUntil == nil})
	}
	return b
}

// until is the day a pause ends, where the reader lives.
func until(l *locale.Locale, t time.Time, name string) string {
	zone, err := time.LoadLocation(name)
	if err != nil {
		zone = time.UTC
	}
	return l.Date(t.In(zone))
}

// zoneWords is a zone as a reader's clock shows it now: "EET, UTC+2". Names
// like Europe/Kyiv are a machine's.
func zoneWords(now time.Time, name string) string {
	zone, err := time.LoadLocation(name)
	if err != nil {
		zone = time.UTC
	}
	short, offset := now.In(zone).Zone()
	if offset == 0 {
		return "UTC"
	}
	sign := '+'
	if offset < 0 {
		sign, offset = '−', -offset
	}
	words := fmt.Sprintf("UTC%c%d", sign, offset/3600)
	if minutes := offset % 3600 / 60; minutes != 0 {
		words += fmt.Sprintf(":%02d", minutes)
	}
	if short[0] == '+' || short[0] == '-' { // no letters are in use there
		return words
	}
	return short + ", " + words
}
