package locale

import (
	"strings"
	"time"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/ar"
	"github.com/go-playground/locales/cs"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en_GB"
	"github.com/go-playground/locales/es"
	"github.com/go-playground/locales/fr"
	"github.com/go-playground/locales/he"
	"github.com/go-playground/locales/it"
	"github.com/go-playground/locales/ka"
	"github.com/go-playground/locales/lt"
	"github.com/go-playground/locales/pl"
	"github.com/go-playground/locales/ro"
	"github.com/go-playground/locales/sk"
	"github.com/go-playground/locales/tr"
	"github.com/go-playground/locales/uk"
)

// calendar is CLDR's dates and numbers of one language.
type calendar = locales.Translator

// newCalendar returns the language's CLDR data; a language that is not listed
// here gets British dates between its own words.
func newCalendar(code string) calendar {
	base, _, _ := strings.Cut(code, "-")
	known := map[string]func() locales.Translator{
		"ar": ar.New, "cs": cs.New, "de": de.New, "en": en_GB.New, "es": es.New, "fr": fr.New, "he": he.New, "it": it.New,
		"ka": ka.New, "lt": lt.New, "pl": pl.New, "ro": ro.New, "sk": sk.New, "tr": tr.New, "uk": uk.New,
	}
	if make, ok := known[base]; ok {
		return make()
	}
	return en_GB.New()
}

// Date is the day in full in t's own zone: "23 November 2026", "23 листопада 2026 р.".
// The year's abbreviation never begins a line, as CLDR has it since version 42.
func (l *Locale) Date(t time.Time) string {
	return strings.Replace(l.dates.FmtDateLong(t), " р.", "\u00a0р.", 1)
}

// Month is the month that word names within a date, in full or cut short, in any of the
// languages and in small letters: december, dec, «грудня», «груд.». 0: it names none.
func (c *Catalog) Month(word string) time.Month {
	short := strings.TrimSuffix(word, ".")
	for _, l := range c.locales {
		for m := time.January; m <= time.December; m++ {
			if word == strings.ToLower(l.dates.MonthWide(m)) || short == strings.TrimSuffix(strings.ToLower(l.dates.MonthAbbreviated(m)), ".") {
				return m
			}
		}
	}
	return 0
}

// Time is the time of day on 24 hours in t's own zone: "09:05". Every language
// gets the same: an edition goes out at an hour that nobody may misread.
func (l *Locale) Time(t time.Time) string { return t.Format("15:04") }

// DateTime is Date and Time: "23 November 2026, 09:05".
func (l *Locale) DateTime(t time.Time) string { return l.Date(t) + ", " + l.Time(t) }

// Number groups the digits as the language does: "1,234,567", "1 234 567". The
// separators are spaces that do not break.
func (l *Locale) Number(n int) string {
	s := l.dates.FmtNumber(float64(n), 0)
	return strings.ReplaceAll(s, " ", "\u00a0")
}
