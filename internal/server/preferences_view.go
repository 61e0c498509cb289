package server

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vistka/internal/article"
	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/subscriber"
)

// preferencesBody is the Body of pages/preferences.html.
type preferencesBody struct {
	Name, Masked, Action, LeaveURL string
	Notice, Undo, Paused           string
	Changed                        []string // what the press set, beside Notice
	Was                            string   // the settings that the page shows, for a press on it that comes late
	Bad                            bool     // Notice tells of something that was not done, or not yet
	Cadences                       []cadenceOption
	Volume                         string // said once where no cadence can be told from another by it
	Zones, Hours, Locales, Pauses  []option
	Topics                         []option
	Translations                   translationsBody
	Until, UntilMin, UntilMax      string
	UntilHint                      string
	TopicsWrong, UntilWrong        string
	Write                          string // whom to write to where only a person helps
}

// ToMend and Told are for the title.
func (b preferencesBody) ToMend() bool { return b.TopicsWrong != "" || b.UntilWrong != "" }
func (b preferencesBody) Told() string { return b.Notice }

type option struct {
	Value, Label string
	Selected     bool
}

type cadenceOption struct {
	option
	Volume string // how much it brings; empty: preferencesBody.Volume says why
}

// preferencesSaid is what the page says of the press that led to it.
type preferencesSaid struct {
	Key          string            // of the words; empty: nothing
	Undo         string            // the sealed way back
	Names        []string          // of newsletters in the words
	Wrong        fieldError        // the field to mend; empty: nothing is
	Unknown      unknownTopics     // where that is the topics
	Pause, Until string            // as they were typed, if something is to be mended
	Shown        subscriber.Change // with that: the settings of now
}

func (s *server) renderPreferences(w http.ResponseWriter, r *http.Request, status int, p subscriber.Preferences, said preferencesSaid) error {
	if p.Ended {
		return s.noReader(w, r, subscriber.ErrNoReader)
	}
	n, err := newsletter.Get(r.Context(), s.DB, p.NewsletterID)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	topics, err := article.Topics(r.Context(), s.DB, n.ID, now)
	if err != nil {
		return err
	}
	volume, err := article.MonthlyVolume(r.Context(), s.DB, n.ID, p.Topics, now)
	if err != nil {
		return err
	}
	l := s.Pages.Locale(r, p.Locale)
	b := s.preferencesBody(l, n, p, topics, volume)
	switch said.Key {
	case "":
	case "preferences.link_over", "preferences.link_stopped", "preferences.changed_since", "own.late":
		b.Bad = true
		fallthrough
	default:
		b.Notice = l.T(said.Key, "names", named(l, said.Names))
	}
	if said.Key == "preferences.link_stopped" {
		b.Write = cmp.Or(n.ReplyTo, n.FromAddress)
	}
	if u, ok := s.openUndo(said.Undo, p); ok && (said.Key == "preferences.saved" || said.Key == "preferences.saved_weekly") {
		b.Undo = said.Undo
		if said.Key == "preferences.saved" && u.Made == p.Sum() {
			b.Changed = p.ChangedFrom(u.Change, l, zoneOf(p.Zone))
		}
	}
	switch {
	case said.Wrong == "until", said.Wrong == "until_none", said.Wrong == "until_no_date":
		b.UntilWrong = l.T("preferences."+string(said.Wrong)+"_wrong", dayExample(l, now.In(zoneOf(p.Zone)))...)
	case len(said.Unknown) > 0:
		b.TopicsWrong = l.T("preferences.topics_unknown", "topics", strings.Join(said.Unknown, ", "))
	case said.Wrong == "topics":
		b.TopicsWrong = l.T("preferences.topics_wrong")
	}
	v := page.View{L: l, Title: l.T("preferences.title"), Site: siteOf(n), Languages: s.languages(r, l)}
	if r.Method == http.MethodPost { // as the form was filled in
		choosePause(&b, said.Pause)
		b.Until, b.Was = said.Until, was(said.Shown)
		v.Languages = s.same(l, r.URL.Path, r.PostForm, nil)
	}
	v.Body = b
	return s.Pages.Render(w, r, status, "pages/preferences", v)
}

func (s *server) preferencesBody(
	l *locale.Locale, n newsletter.Newsletter, p subscriber.Preferences, topics []string, volume article.Volume,
) preferencesBody {
	now := s.Clock.Now()
	b := preferencesBody{
		Name: n.Name, Masked: p.Masked, Action: s.preferencesPath(p), Was: was(p.Change()), Zones: zoneOptions(l, now, p.Zone, n.Timezone),
		LeaveURL: "/unsubscribe/" + subscriber.UnsubscribeToken(s.Keys, p.NewsletterID, p.SubscriberID) + "?lang=" + l.Code(),
	}
	for _, c := range newsletter.Cadences() {
		b.Cadences = append(b.Cadences, cadenceOption{option: option{c, l.T("cadence." + c), c == p.Cadence}})
	}
	b.sayVolume(l, volume)
	for h := range 24 {
		b.Hours = append(b.Hours, option{strconv.Itoa(h), fmt.Sprintf("%02d:00", h), int16(h) == p.Hour})
	}
	for _, other := range s.Pages.Catalog().All() {
		b.Locales = append(b.Locales, option{other.Code(), other.Name(), other.Code() == p.Locale})
	}
	if len(topics) == 1 && p.Topics == nil {
		topics = nil // one topic is no choice
	}
	for _, t := range withOwn(topics, p.Topics) {
		b.Topics = append(b.Topics, option{t, t, p.Topics == nil || slices.Contains(p.Topics, t)})
	}
	b.Translations = s.translationsBody(l, p.Translations)
	s.pauseOptions(l, p, &b)
	return b
}

func (s *server) pauseOptions(l *locale.Locale, p subscriber.Preferences, b *preferencesBody) {
	if p.PausedUntil != nil {
		date := until(l, *p.PausedUntil, p.Zone)
		b.Paused = l.T("preferences.paused", "date", date)
		b.Pauses = append(b.Pauses, option{"keep", l.T("preferences.pause_keep", "date", date), true})
	}
	for _, v := range []string{"none", "week", "month", "quarter", "date"} {
		b.Pauses = append(b.Pauses, option{v, l.T("preferences.pause_" + v), v == "none" && p.PausedUntil == nil})
	}
	today := s.Clock.Now().In(zoneOf(p.Zone))
	b.UntilMin, b.UntilMax = today.AddDate(0, 0, 1).Format(time.DateOnly), today.AddDate(1, 0, 0).Format(time.DateOnly)
	b.UntilHint = l.T("preferences.until_hint", dayExample(l, today)...)
}

// dayExample shows in a month from now how a day is written.
func dayExample(l *locale.Locale, now time.Time) []any {
	day := now.AddDate(0, 1, 0)
	return []any{"day", l.Date(day), "short", day.Format("02.01.2006")}
}

// choosePause has one of the pauses chosen; none of them: it stays as it is.
func choosePause(b *preferencesBody, value string) {
	if !slices.ContainsFunc(b.Pauses, func(o option) bool { return o.Value == value }) {
		return
	}
	for i := range b.Pauses {
		b.Pauses[i].Selected = b.Pauses[i].Value == value
	}
}

// withOwn adds to the topics on offer what the reader chose before and the site
// no longer uses: it may only be taken off knowingly.
func withOwn(topics, own []string) []string {
	for _, t := range own {
		if !slices.Contains(topics, t) {
			topics = append(slices.Clip(topics), t)
		}
	}
	return topics
}

// sayVolume says beside each cadence how much it brings, or once beside all of them
// that it cannot be said.
func (b *preferencesBody) sayVolume(l *locale.Locale, volume article.Volume) {
	switch {
	case volume == nil:
		b.Volume = l.T("preferences.volume_unknown")
	case volume[newsletter.Instant] == 0:
		b.Volume, volume = l.T("preferences.volume_nothing"), nil
	}
	for i := range b.Cadences {
		b.Cadences[i].Volume = volumeWords(l, volume, b.Cadences[i].Value)
	}
}

// volumeWords is how many mails a month a cadence brings: "about 9 mails a month".
func volumeWords(l *locale.Locale, v article.Volume, cadence string) string {
	switch n := v[cadence]; {
	case v == nil:
		return ""
	case n == 0:
		return l.T("preferences.volume_none")
	case n < 0.75:
		return l.T("preferences.volume_rare")
	default:
		return l.N("preferences.volume", int(math.Round(n)))
	}
}

// until is the day a pause ends, where the reader lives.
func until(l *locale.Locale, t time.Time, name string) string {
	return l.Date(t.In(zoneOf(name)))
}
