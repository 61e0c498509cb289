package server_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A page that was open while the settings were changed on another one changes what
// its reader changed on it, and nothing else.
func TestAnOldPageOfSettingsChangesOnlyWhatWasChangedOnIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := "/preferences/" + s.subscribed("nadia@example.org").Preferences
	for i, topic := range []string{"Research", "Law", "Media"} {
		s.release(i+1, day, topic)
	}
	with := func(form url.Values, pairs ...string) url.Values {
		form = maps.Clone(form)
		for i := 0; i < len(pairs); i += 2 {
			form[pairs[i]] = strings.Split(pairs[i+1], ",")
		}
		return form
	}
	settings := func() (found string) {
		if err := s.pool.QueryRow(t.Context(), `SELECT concat_ws(' ', cadence, hour, zone, locale, coalesce(paused_until::date::text, '-'), topics) FROM subscription`).Scan(&found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	old := fill(s.get(path).doc, "#settings")
	s.press(path, with(old, "pause", "month", "hour", "19", "zone", "America/New_York", "topic", "Law,Media"), "Origin", baseURL)
	paused := fill(s.get(path).doc, "#settings")

	got := s.press(path, with(old, "locale", "uk"), "Origin", baseURL)
	if want := "instant 19 America/New_York uk 2026-12-24 {Law,Media}"; settings() != want {
		t.Errorf("only the language was changed: %s, not %s", settings(), want)
	}
	if words := got.text(".notice.good"); !strings.Contains(words, "Мова сторінок і листів: українська (раніше: англійська)") || got.doc.Find(".notice.good li").Length() != 1 {
		t.Errorf("what changed: %q", words)
	}
	s.press(path, with(old, "cadence", "weekly", "topic", "Research,Law"), "Origin", baseURL) // of all of them, Media was unticked
	if want := "weekly 19 America/New_York uk 2026-12-24 {Law,Research}"; settings() != want {
		t.Errorf("how often and the topics were changed: %s, not %s", settings(), want)
	}
	s.press(path, with(paused, "topic", "Law"), "Origin", baseURL) // Media was unticked, Research was not there
	if want := "weekly 19 America/New_York uk 2026-12-24 {Law,Research}"; settings() != want {
		t.Errorf("one topic was unticked that is no longer chosen: %s, not %s", settings(), want)
	}
	if got := s.press(path, old, "Origin", baseURL); !strings.Contains(got.text(".notice.good"), "Більше нічого змінювати не довелося") {
		t.Errorf("nothing was changed: %q", got.text(".notice.good"))
	}
	s.press(path, with(paused, "pause", "none"), "Origin", baseURL)
	if want := "weekly 19 America/New_York uk - {Law,Research}"; settings() != want {
		t.Errorf("the pause was ended: %s, not %s", settings(), want)
	}
	// A day is one of the zone that holds now.
	s.press(path, with(old, "pause", "date", "until", "2027-01-12"), "Origin", baseURL)
	if s.count(`SELECT count(*) FROM subscription WHERE paused_until = '2027-01-12 05:00:00+00'`) != 1 {
		t.Errorf("the day begins elsewhere: %s", settings())
	}
	if got := s.post(path, with(old, "was", "{"), "Origin", baseURL); got.StatusCode != http.StatusBadRequest {
		t.Errorf("no settings were shown: %d", got.StatusCode)
	}
}

// With a mistake to mend it shows the settings of now, with what was changed on it;
// and pressed again, still changes nothing else.
func TestAnOldPageOfSettingsWithAMistake(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := "/preferences/" + s.subscribed("nadia@example.org").Preferences
	s.release(1, day, "Research")
	s.release(2, day, "Law")
	old := fill(s.get(path).doc, "#settings")
	newer := maps.Clone(old)
	newer.Set("pause", "month")
	newer.Set("hour", "19")
	s.press(path, newer, "Origin", baseURL)

	old.Set("cadence", "weekly")
	old.Del("topic")
	got := s.post(path, old, "Origin", baseURL)
	for _, got := range []answer{got, s.inUkrainian(got)} {
		form := fill(got.doc, "#settings")
		if got.StatusCode != http.StatusUnprocessableEntity || form.Get("hour") != "19" || form.Get("pause") != "keep" || form.Get("cadence") != "weekly" {
			t.Fatalf("%d %v", got.StatusCode, form)
		}
	}
	form := fill(got.doc, "#settings")
	form["topic"] = []string{"Law"}
	s.press(path, form, "Origin", baseURL)
	if s.count(`SELECT count(*) FROM subscription WHERE cadence = 'weekly' AND hour = 19 AND paused_until IS NOT NULL AND topics = '{Law}'`) != 1 {
		t.Error("not what was chosen")
	}
}

// A day may be written as people write it, and what is no day is told from one that
// is out of range.
func TestADayAsItIsTyped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := "/preferences/" + s.subscribed("nadia@example.org").Preferences
	form := fill(s.get(path).doc, "#settings")
	form.Set("pause", "date")
	for until, want := range map[string]string{
		"": "Choose a day", "soon": "Enter a day like 24 December 2026 or 24.12.2026", "30.02.2027": "Enter a day like", "2027-02-30": "Enter a day like", "15-12-26": "Enter a day like", "15.12": "Enter a day like", "30 лютого": "Enter a day like", "24 Decembers": "Enter a day like", "24 December 1999": "Choose a day from tomorrow",
		"30/2/27": "Enter a day like", "12/15/2026": "Enter a day like", "24.11.2026": "Choose a day from tomorrow on", "15.12.2036": "Choose a day from tomorrow on",
	} {
		form.Set("until", until)
		got := s.post(path, form, "Origin", baseURL)
		words := strings.TrimPrefix(got.text("#until-wrong"), "Error: ")
		if got.StatusCode != http.StatusUnprocessableEntity || !strings.HasPrefix(words, want) || (until == "") != (words == "Choose a day") || got.doc.Find("#until").AttrOr("value", "") != until {
			t.Errorf("%q: %d %q", until, got.StatusCode, words)
		}
	}
	for until, want := range map[string]string{
		"15.12.2026": "2026-12-15", "16/12/2026": "2026-12-16", "17-12-2026": "2026-12-17", "18.12.26": "2026-12-18", "24 December 2026": "2026-12-24", "24 грудня 2026": "2026-12-24", "25 грудня 2026\u00a0р.": "2026-12-25", "26 Грудня": "2026-12-26", "Dec 27, 2026": "2026-12-27", "28 січ.": "2027-01-28", "29 december 2026": "2026-12-29", "19/12/26": "2026-12-19",
		"3/4/2027": "2027-04-03", "5.1.2027": "2027-01-05", " 2026-12-24 ": "2026-12-24",
	} {
		form.Set("until", until)
		s.press(path, form, "Origin", baseURL)
		if s.count(`SELECT count(*) FROM subscription WHERE paused_until = '`+want+` 00:00:00+00'`) != 1 {
			t.Errorf("%q was not taken as %s", until, want)
		}
	}
}
