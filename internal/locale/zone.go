package locale

import (
	"fmt"
	"strings"
	"time"
)

// Clock is Time and by whose clock it is told, in t's own zone: "09:05 Kyiv
// time", «09:05 за київським часом».
func (l *Locale) Clock(t time.Time) string { return l.Time(t) + " " + l.ClockName(t) }

// Moment is DateTime told as Clock is. Every moment in a sentence is one.
func (l *Locale) Moment(t time.Time) string { return l.DateTime(t) + " " + l.ClockName(t) }

// ClockName says by whose clock t's zone goes, as people say it: "Kyiv time",
// «за київським часом». A zone that is no place's is told by its distance from UTC.
func (l *Locale) ClockName(t time.Time) string {
	zone := t.Location().String()
	if region, _, ok := strings.Cut(zone, "/"); !ok || region == "Etc" {
		_, offset := t.Zone()
		return l.T("clock.offset", "offset", Offset(offset))
	}
	if key := "clock." + city(zone); l.Has(key) {
		return l.T(key)
	}
	return l.T("clock.place", "city", l.City(zone))
}

// City is a time zone by the city that it is named after, in the language's words
// where it has some: "Europe/Kyiv" is "Kyiv", «Київ».
func (l *Locale) City(zone string) string {
	if key := "zone." + city(zone); l.Has(key) {
		return l.T(key)
	}
	return strings.ReplaceAll(zone[strings.LastIndexByte(zone, '/')+1:], "_", " ")
}

// city is the key of a zone's words. Kyiv has three names of old (tz database,
// file backward).
func city(zone string) string {
	switch zone {
	case "Europe/Kiev", "Europe/Uzhgorod", "Europe/Zaporozhye":
		return "kyiv"
	}
	return strings.ToLower(zone[strings.LastIndexByte(zone, '/')+1:])
}

// Offset is a distance from UTC in seconds as people write it: "UTC", "UTC+2",
// "UTC−3:30".
func Offset(seconds int) string {
	if seconds == 0 {
		return "UTC"
	}
	sign := '+'
	if seconds < 0 {
		sign, seconds = '−', -seconds
	}
	words := fmt.Sprintf("UTC%c%d", sign, seconds/3600)
	if minutes := seconds % 3600 / 60; minutes != 0 {
		words += fmt.Sprintf(":%02d", minutes)
	}
	return words
}
