package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"vistka/internal/article"
	"vistka/internal/page"
	"vistka/internal/subscriber"
)

func (s *server) preferencesPage(w http.ResponseWriter, r *http.Request) error {
	p, err := s.Subscribers.Preferences(r.Context(), chi.URLParam(r, "token"))
	if err != nil {
		return s.noReader(w, r, err)
	}
	said := s.saidOf(r, p)
	if p.Ended && strings.HasPrefix(said, "link") {
		return s.renderLinked(w, r, p.Reader, said)
	}
	tell := preferencesSaid{Key: saidKeys()[said], Undo: r.FormValue("undo")}
	if ids, ok := strings.CutPrefix(said, "undone:"); ok { // of "stop everything"
		tell.Key = "unsubscribe.all_undone"
		if tell.Names, err = s.namesOf(r.Context(), ids); err != nil {
			return err
		}
	}
	return s.renderPreferences(w, r, http.StatusOK, p, tell)
}

// savePreferences is a press on the page: everything saved at once, the last
// press taken back, or a link for the rest mailed.
func (s *server) savePreferences(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	switch act := r.PostFormValue("act"); {
	case act == "", act == "save", shows(r):
		return s.saveForm(w, r)
	case act == "undo":
		return s.undoPreferences(w, r)
	case act == "link":
		return s.mailLink(w, r)
	default:
		return page.BadRequest(errors.New("unknown act"))
	}
}

// saveForm saves what was chosen, or shows the form as it was typed once more: to be
// mended, or in the other language.
func (s *server) saveForm(w http.ResponseWriter, r *http.Request) error {
	key := chi.URLParam(r, "token")
	before, err := s.Subscribers.Preferences(r.Context(), key)
	if err != nil {
		return s.noReader(w, r, err)
	}
	if before.Ended { // whatever the form says: it may be older than that
		return s.noReader(w, r, subscriber.ErrNoReader)
	}
	topics, err := article.Topics(r.Context(), s.DB, before.NewsletterID, s.Clock.Now())
	if err != nil {
		return err
	}
	shown, err := shownSettings(r, before)
	if err != nil {
		return page.BadRequest(err)
	}
	chosen, err := s.change(r, shown, before, withOwn(topics, before.Topics))
	if err == nil && !shows(r) {
		saved, err := s.Subscribers.SaveChosen(r.Context(), key, shown, chosen, evidence(r))
		return s.sayChanged(w, r, saved, err, "saved")
	}
	said, status := preferencesSaid{Until: r.PostFormValue("until"), Shown: before.Change()}, http.StatusOK
	if err != nil {
		status = http.StatusUnprocessableEntity
		if errors.As(err, &said.Unknown) {
			said.Wrong = "topics"
		} else if !errors.As(err, &said.Wrong) {
			return page.BadRequest(err)
		}
	}
	if pause := r.PostFormValue("pause"); pause != "none" || shown.PausedUntil != nil { // else it was left as it was shown
		said.Pause = pause
	}
	return s.renderPreferences(w, r, status, typed(before, chosen.On(shown, before.Change())), said)
}

// shownSettings are the settings as the page showed them that a form stands on. One
// that does not say shows those of now.
func shownSettings(r *http.Request, now subscriber.Preferences) (shown subscriber.Change, err error) {
	was := r.PostFormValue("was")
	if was == "" {
		return now.Change(), nil
	}
	err = json.Unmarshal([]byte(was), &shown)
	return shown, err
}

// was is what shownSettings reads. It is not signed: what it leaves to be changed is
// judged as every choice is.
func was(shown subscriber.Change) string {
	raw, _ := json.Marshal(shown) // numbers, words and a moment
	return string(raw)
}

// sayChanged says what saving came to, and offers the way back; where nothing had
// to be changed there is none.
func (s *server) sayChanged(w http.ResponseWriter, r *http.Request, p subscriber.Saved, err error, said string) error {
	if errors.Is(err, subscriber.ErrBadPreferences) {
		return page.BadRequest(err)
	}
	if err != nil {
		return s.noReader(w, r, err)
	}
	if !p.Changed() {
		return s.sayOf(w, r, s.preferencesPath(p.Preferences), "unchanged", p.Preferences)
	}
	return s.sayOf(w, r, s.preferencesPath(p.Preferences)+"?undo="+url.QueryEscape(s.sealUndo(p)), said, p.Preferences)
}

// typed is what the reader typed, on the page once more. The pause is still the
// one that holds, which "as now" means; preferencesSaid has the one that was chosen.
func typed(p subscriber.Preferences, c subscriber.Change) subscriber.Preferences {
	p.Cadence, p.Locale, p.Zone, p.Hour, p.Topics = c.Cadence, c.Locale, c.Zone, c.Hour, c.Topics
	if p.Several() {
		p.Preferred, p.Choice = c.Preferred, c.Translation
	}
	return p
}

// saidKeys are the keys of the words about the press that led to the page.
func saidKeys() map[string]string {
	return map[string]string{
		"saved": "preferences.saved", "weekly": "preferences.saved_weekly", "undone": "unsubscribe.undone",
		"unchanged": "preferences.unchanged", "asbefore": "preferences.as_before", "changedsince": "preferences.changed_since",
		"linked": "preferences.linked", "linkedlate": "own.late", "linkover": "preferences.link_over", "linkstopped": "preferences.link_stopped",
	}
}

func (s *server) preferencesPath(p subscriber.Preferences) string {
	return "/preferences/" + subscriber.PreferencesToken(s.Keys, p.NewsletterID, p.SubscriberID)
}

// fieldError is the name of a field that the reader can mend; its words are
// preferences.NAME_wrong.
type fieldError string

func (e fieldError) Error() string { return "field " + string(e) }

// unknownTopics were ticked and are none that the page offers, or none any more:
// it offers those that the site uses most.
type unknownTopics []string

func (u unknownTopics) Error() string { return "topics are none that the page offers" }

// change reads the form; what is absent stays as it was shown, what is there must be
// one of the values that the page offers, of topics one of these. Returns a
// fieldError for a choice that the page lets a reader make and that cannot be,
// or unknownTopics.
func (s *server) change(r *http.Request, shown subscriber.Change, p subscriber.Preferences, topics []string) (subscriber.Change, error) {
	c := shown
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
	if v := r.PostFormValue("zone"); v != "" && v != shown.Zone {
		if !offered(v) {
			return c, errors.New("zone is none that the page offers")
		}
		c.Zone = v
	}
	if err := changeTranslations(r, p, &c); err != nil {
		return c, err
	}
	if err := changeTopics(r, &c, topics); err != nil {
		return c, err
	}
	zone := p.Zone // that of now, for another page may have changed it
	if c.Zone != shown.Zone {
		zone = c.Zone
	}
	return c, s.changePause(r, &c, zoneOf(zone))
}

// changeTopics takes the ticked topics that are on offer. All that were shown
// mean everything: topics that are not there yet belong to it.
func changeTopics(r *http.Request, c *subscriber.Change, offered []string) error {
	shown, err := strconv.Atoi(r.PostFormValue("topics"))
	if err != nil { // a form that shows none
		return nil
	}
	if c.Topics != nil && sameTopics(r.PostForm["topic"], c.Topics) { // as they were shown
		return nil
	}
	known, unknown := []string{}, unknownTopics(nil)
	for _, t := range r.PostForm["topic"] {
		switch {
		case !slices.Contains(offered, t):
			unknown = append(unknown, t)
		case !slices.Contains(known, t):
			known = append(known, t)
		}
	}
	switch {
	case len(unknown) > 0:
		c.Topics = known
		return unknown
	case len(known) == 0:
		return fieldError("topics")
	case len(known) >= shown:
		c.Topics = nil
	default:
		c.Topics = known
	}
	return nil
}

func sameTopics(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// changePause takes what was chosen; the date counts only for "until a date".
func (s *server) changePause(r *http.Request, c *subscriber.Change, zone *time.Location) error {
	choice, date := r.PostFormValue("pause"), strings.TrimSpace(r.PostFormValue("until"))
	switch choice {
	case "", "keep":
		return nil
	case "none":
		c.PausedUntil = nil
		return nil
	case "date":
		return s.pauseUntil(c, date, zone)
	}
	length, ok := pauseLength(choice)
	if !ok {
		return errors.New("pause is none of ours")
	}
	until := s.Clock.Now().Add(length)
	c.PausedUntil = &until
	return nil
}

// pauseUntil pauses up to the beginning of a day where the reader lives, from
// tomorrow to the same day of next year.
func (s *server) pauseUntil(c *subscriber.Change, date string, zone *time.Location) error {
	if date == "" {
		return fieldError("until_none")
	}
	now := s.Clock.Now().In(zone)
	until, ok := dayOf(s.Pages.Catalog(), date, now)
	if !ok {
		return fieldError("until_no_date")
	}
	if !until.After(now) || until.After(now.AddDate(1, 0, 0)) {
		return fieldError("until")
	}
	c.PausedUntil = &until
	return nil
}

// pauseLength is what the page offers, beside none, a date and "as now".
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
