package subscriber

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"vistka/internal/locale"
	"vistka/internal/newsletter"
)

// Proof is a consent event in words, the same for the reader and the newsroom.
type Proof struct {
	How     string   // by which button or form; empty: nothing more is known
	Changes []string // what was set, and how it was before
	Wording []string // what stood beside the button, a line each; nil: not ours to know
	Version string   // of Wording
	Details []string // the form's site, language, address, page, network, program
}

// WordsKept reports whether what stood beside the event's button is kept: that of a
// site's own form is not.
func (e Event) WordsKept() bool { return e.Wording != "" && e.Wording != ForeignWording }

// Proof finds the words of l. Moments in it are told by the clock of zone.
func (e Event) Proof(l *locale.Locale, zone *time.Location) Proof {
	var p Proof
	source, _, _ := strings.Cut(e.Source, ":")
	if key := "consent.by." + source; l.Has(key) {
		p.How = l.T(key)
	}
	for _, s := range e.settings() {
		p.Changes = append(p.Changes, s.words(l, zone))
	}
	detail := func(key, value string) {
		if value != "" {
			p.Details = append(p.Details, l.T("consent."+key, "value", value))
		}
	}
	switch {
	case e.Wording == ForeignWording && e.Kind == "requested": // what confirmed it was shown by us
		p.Details = append(p.Details, foreign(l, e.PageURL))
	case e.WordsKept():
		p.Version = WordingVersion(e.Wording)
		for line := range strings.Lines(e.Wording) {
			p.Wording = append(p.Wording, strings.TrimSpace(line))
		}
	}
	detail("language", l.LanguageName(e.Locale))
	detail("address", e.Address)
	if e.Article != "" {
		p.Details = append(p.Details, l.T("consent.article", "title", e.Article, "value", e.PageURL))
	} else {
		detail("page", e.PageURL)
	}
	detail("ip", e.IP)
	detail("agent", e.UserAgent)
	return p
}

// FormWording is what the form that a site pastes says beside its button, a line
// each. Such a form names the version of it, so that the proof can hold the words
// as long as the newsletter's settings still make the same.
func FormWording(l *locale.Locale, n newsletter.Newsletter) string {
	lines := []string{l.T("signup.label"), l.T("signup.what_" + n.DefaultCadence), l.T("signup.button"), l.T("signup.consent", "name", n.Name)}
	if n.PrivacyURL != "" {
		lines = append(lines, l.T("signup.privacy"))
	}
	return strings.Join(lines, "\n")
}

// foreign says where a form of another site stood.
func foreign(l *locale.Locale, page string) string {
	u, err := url.Parse(page)
	if err != nil || u.Host == "" {
		return l.T("consent.foreign_nowhere")
	}
	return l.T("consent.foreign", "value", u.Host)
}

// settings are the event's changes. Those of a person who was erased since, or of
// before there were any, are as far known as the source names them.
func (e Event) settings() []Setting {
	if len(e.Changes) > 0 || e.Kind != "changed" {
		return e.Changes
	}
	what, values, _ := strings.Cut(e.Source, ": ")
	switch {
	case what == "preferences" && slices.Contains(newsletter.Cadences(), values):
		return []Setting{{What: setCadence, To: []string{values}}}
	case what == "translations":
		preferred, choice, _ := strings.Cut(values, ", ")
		return []Setting{{What: setPreferred, To: []string{preferred}}, {What: setTranslations, To: []string{choice}}}
	}
	return nil
}

func (s Setting) words(l *locale.Locale, zone *time.Location) string {
	list := func(values []string) string {
		if len(values) == 0 {
			if key := "consent.none." + s.What; l.Has(key) {
				return l.T(key)
			}
			return ""
		}
		words := make([]string, len(values))
		for i, v := range values {
			words[i] = s.value(l, zone, v)
		}
		return strings.Join(words, ", ")
	}
	what, to, from := l.T("consent.set."+s.What), list(s.To), list(s.From)
	if from == "" {
		return l.T("consent.set_to", "what", what, "to", to)
	}
	return l.T("consent.set_from", "what", what, "to", to, "from", from)
}

func (s Setting) value(l *locale.Locale, zone *time.Location, v string) string {
	switch s.What {
	case setCadence:
		if key := "cadence." + v; l.Has(key) {
			return l.T(key)
		}
	case setLanguage, setPreferred:
		return l.LanguageName(v)
	case setTranslations:
		if key := "preferences.translation_" + v; l.Has(key) {
			return l.T(key)
		}
	case setZone:
		return l.City(v)
	case setHour:
		return l.Time(hourOf(v))
	case setPause:
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return l.T("consent.pause_until", "date", l.Date(t.In(zone)))
		}
	}
	return v
}

// hourOf is an hour of the day, "8", on some day.
func hourOf(v string) time.Time {
	t, err := time.Parse("15", v)
	if err != nil {
		t, _ = time.Parse("15", "0"+v)
	}
	return t
}
