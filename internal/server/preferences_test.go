package server_test

import (
	"maps"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"vistka/internal/token"
)

// release puts an article out.
func (s *site) release(seq int, ago time.Duration, topics ...string) {
	s.t.Helper()
	_, err := s.pool.Exec(s.t.Context(), `WITH s AS (INSERT INTO story DEFAULT VALUES RETURNING id)
		INSERT INTO article (newsletter_id, story_id, url, title, summary, topics, first_seen_at, updated_at, state, reason, seq, released_at)
		SELECT $1, id, 'https://news.example.org/' || $4::int, 'Headline ' || $4, 'What it says & means', coalesce($2::text[], '{}'), $3::timestamptz, $3, 'released', '{"key": "reason.words"}', $4, $3 FROM s`,
		s.n.ID, topics, s.clock.Now().Add(-ago), seq)
	if err != nil {
		s.t.Fatal(err)
	}
}

const day = 24 * time.Hour

func TestPreferencesOfTopicsZoneAndDate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := "/preferences/" + s.subscribed("nadia@example.org").Preferences
	if got := s.get(path); got.doc.Find("input[name=topic], small").Length() != 0 {
		t.Errorf("topics or numbers of a newsletter that has none: %q", got.text("main"))
	}
	for i := range 30 {
		s.release(i+1, time.Duration(i)*3*day, []string{"Research", "Law"}[i%2])
	}
	shown := s.get(path)
	if got := shown.text("label:has([value=instant]) small"); got != "about 10 mails a month" {
		t.Errorf("volume: %q", got)
	}
	form := fill(shown.doc, "#settings")
	if len(form["topic"]) != 2 || form.Get("topics") != "2" {
		t.Errorf("all topics are not ticked: %v", form)
	}
	form["topic"] = []string{"Law"}
	form.Set("zone", "America/New_York")
	form.Set("pause", "date")
	form.Set("until", "2027-01-12")
	got := s.press(path, form, "Origin", baseURL)
	if !strings.Contains(got.text("main"), "Paused until 12 January 2027") || got.text("label:has([value=instant]) small") != "about 5 mails a month" {
		t.Errorf("saved: %q", got.text("main"))
	}
	if s.count(`SELECT count(*) FROM subscription WHERE topics = '{Law}' AND zone = 'America/New_York' AND paused_until = '2027-01-12 05:00:00+00'`) != 1 {
		t.Error("not saved")
	}

	undo := fill(got.doc, ".notice form")
	undo.Set("act", "undo")
	if got = s.press(path, undo, "Origin", baseURL); !strings.Contains(got.text("[role=status]"), "Taken back") ||
		s.count(`SELECT count(*) FROM subscription WHERE topics IS NULL AND zone = 'UTC' AND paused_until IS NULL`) != 1 {
		t.Errorf("undo: %q", got.text("main"))
	}
	other := "/preferences/" + s.subscribed("olha@example.org").Preferences
	forged := url.Values{"act": {"undo"}, "undo": {s.keys.Seal(token.SignupPage, []byte("{}"))}}
	for name, got := range map[string]answer{
		"of another reader": s.post(other, undo, "Origin", baseURL), "of another purpose": s.post(path, forged, "Origin", baseURL),
	} {
		if got.StatusCode != http.StatusBadRequest {
			t.Errorf("undo %s: %d", name, got.StatusCode)
		}
	}
	s.clock.Advance(25 * time.Hour)
	if got := s.post(path, undo, "Origin", baseURL); got.StatusCode != http.StatusBadRequest {
		t.Errorf("undo a day later: %d", got.StatusCode)
	}
}

func TestPreferencesThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := "/preferences/" + s.subscribed("nadia@example.org").Preferences
	s.release(1, day, "Research")
	s.release(2, day, "Law")
	form := func() url.Values { return fill(s.get(path).doc, "#settings") }
	for name, c := range map[string]struct {
		change func(url.Values)
		at     string
	}{
		"no topic":    {func(f url.Values) { f.Del("topic"); f.Set("cadence", "monthly") }, "#topics-wrong"},
		"yesterday":   {func(f url.Values) { f.Set("pause", "date"); f.Set("until", "2026-11-23"); f.Set("cadence", "monthly") }, "#until-wrong"},
		"today":       {func(f url.Values) { f.Set("pause", "date"); f.Set("until", "2026-11-24"); f.Set("cadence", "monthly") }, "#until-wrong"},
		"for ever":    {func(f url.Values) { f.Set("pause", "date"); f.Set("until", "2096-11-24"); f.Set("cadence", "monthly") }, "#until-wrong"},
		"a year on":   {func(f url.Values) { f.Set("pause", "date"); f.Set("until", "2027-11-25"); f.Set("cadence", "monthly") }, "#until-wrong"},
		"no date":     {func(f url.Values) { f.Set("pause", "date"); f.Set("cadence", "monthly") }, "#until-wrong"},
		"no day":      {func(f url.Values) { f.Set("pause", "date"); f.Set("until", "soon"); f.Set("cadence", "monthly") }, "#until-wrong"},
		"no calendar": {func(f url.Values) { f.Set("pause", "date"); f.Set("until", "2027-02-30"); f.Set("cadence", "monthly") }, "#until-wrong"},
	} {
		f := form()
		c.change(f)
		got := s.post(path, f, "Origin", baseURL)
		if got.StatusCode != http.StatusUnprocessableEntity || got.text(c.at) == "" || !got.errs() || got.doc.Find("[name=cadence][value=monthly][checked]").Length() != 1 {
			t.Errorf("%s: %d %q", name, got.StatusCode, got.text(".error"))
		}
	}
	f := form()
	f.Set("zone", "Mars/Olympus")
	if got := s.post(path, f, "Origin", baseURL); got.StatusCode != http.StatusBadRequest {
		t.Errorf("a zone that is not offered: %d", got.StatusCode)
	}
	if s.count(`SELECT count(*) FROM subscription WHERE cadence = 'instant' AND paused_until IS NULL`) != 1 {
		t.Error("something was saved")
	}
	f = form()
	f.Set("pause", "week")
	f.Set("until", "2026-12-24")
	s.press(path, f, "Origin", baseURL)
	if s.count(`SELECT count(*) FROM subscription WHERE paused_until = '2026-12-01 09:00:00+00'`) != 1 {
		t.Error("a length that was chosen is not the one that holds")
	}
	f = form()
	f.Set("pause", "date")
	f.Set("until", s.get(path).doc.Find("#until").AttrOr("max", ""))
	s.press(path, f, "Origin", baseURL)
	if s.count(`SELECT count(*) FROM subscription WHERE paused_until = '2027-11-24 00:00:00+00'`) != 1 {
		t.Error("the last day that the page offers is not taken")
	}
	f = form()
	f.Set("pause", "none")
	f.Set("until", "2026-12-24") // left in the field: it counts for nothing
	s.press(path, f, "Origin", baseURL)
	if s.count(`SELECT count(*) FROM subscription WHERE paused_until IS NULL`) != 1 {
		t.Error("the pause does not end")
	}
}

// Every city has words in every language, and this machine knows its clock.
func TestZonesHaveWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := "/preferences/" + s.subscribed("nadia@example.org").Preferences
	en, uk := s.get(path+"?lang=en"), s.get(path+"?lang=uk")
	for _, o := range en.doc.Find("#zone option").EachIter() {
		name := o.AttrOr("value", "")
		other := uk.text("#zone option[value='" + name + "']")
		if name != "UTC" && (other == "" || strings.EqualFold(other, o.Text())) {
			t.Errorf("%s is %q in Ukrainian", name, other)
		}
	}
	for zone, words := range map[string]string{
		"Europe/Belgrade": "Белград (UTC+1)", "Europe/Bratislava": "Братислава (UTC+1)", "Europe/Copenhagen": "Копенгаген (UTC+1)", "Europe/Zagreb": "Загреб (UTC+1)", "Asia/Shanghai": "Шанхай (UTC+8)",
	} {
		if got := uk.text("#zone option[value='" + zone + "']"); got != words {
			t.Errorf("%s is %q", zone, got)
		}
	}
	if n := en.doc.Find("#zone option").Length(); n < 70 {
		t.Errorf("%d cities", n)
	}
	// As a dictionary has them: Є and І stand after Е and И, not before А.
	var cities []string
	for _, o := range uk.doc.Find("#zone option").EachIter() {
		if city, ok := strings.CutSuffix(o.Text(), " (UTC+2)"); ok {
			cities = append(cities, city)
		}
	}
	if got := strings.Join(cities, " "); !strings.HasPrefix(got, "Афіни Бухарест Вільнюс Гельсінкі Єрусалим Йоганнесбург Каїр Київ Кишинів") {
		t.Errorf("%s", got)
	}
}

// A topic that is not on offer is named, and nothing else of the form is lost.
func TestTopicThatIsNotOnOffer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := "/preferences/" + s.subscribed("nadia@example.org").Preferences
	for i, topic := range []string{"Research", "Law", "Media"} {
		s.release(i+1, day, topic)
	}
	for name, change := range map[string]func(url.Values){
		"beside others":           func(f url.Values) { f["topic"] = []string{"Law", "<Radio>"} },
		"as many as were shown":   func(f url.Values) { f["topic"] = []string{"Law", "<Radio>", "Law"} },
		"in a form of one":        func(f url.Values) { f["topic"], f["topics"] = []string{"Law", "<Radio>"}, []string{"1"} },
		"beside a date in a past": func(f url.Values) { f["topic"] = []string{"Law", "<Radio>"}; f.Set("pause", "date") },
	} {
		f := fill(s.get(path).doc, "#settings")
		f.Set("cadence", "monthly")
		f.Set("hour", "19")
		f.Set("zone", "America/New_York")
		f.Set("locale", "uk")
		f.Set("pause", "week")
		f.Set("until", "2026-11-23")
		change(f)
		got := s.post(path, f, "Origin", baseURL)
		if got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got.text("#topics-wrong"), "<Radio>") {
			t.Errorf("%s: %d %q", name, got.StatusCode, got.text("main"))
		}
		again := fill(got.doc, "#settings")
		for field, value := range f {
			if field != "topic" && field != "topics" && field != "act" && again.Get(field) != value[0] {
				t.Errorf("%s: %s was %q, is %q", name, field, value[0], again.Get(field))
			}
		}
		if ticked := again["topic"]; len(ticked) != 1 || ticked[0] != "Law" {
			t.Errorf("%s: ticked %q", name, ticked)
		}
	}
	if s.count(`SELECT count(*) FROM subscription WHERE cadence = 'instant' AND topics IS NULL`) != 1 {
		t.Error("something was saved")
	}
	f := fill(s.get(path).doc, "#settings")
	f["topic"] = []string{"Law", "Law", "Law"}
	if s.press(path, f, "Origin", baseURL); s.count(`SELECT count(*) FROM subscription WHERE topics = '{Law}'`) != 1 {
		t.Error("one topic thrice is taken for everything")
	}
}

// Only a press makes a page tell of one: of this page, and a moment ago.
func TestOnlyAPressSaysSaved(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	path := "/preferences/" + c.Preferences
	for _, q := range []string{"saved", "weekly", "undone", "unchanged", "asbefore", "changedsince", "linked", "linkover", "linkstopped"} {
		for _, query := range []string{q + "=1", "said=" + q} {
			if got := s.get(path + "?" + query); got.doc.Find("[role=status]").Length() != 0 {
				t.Errorf("%s: %q", query, got.text("[role=status]"))
			}
		}
	}
	form := fill(s.get(path).doc, "#settings")
	form.Set("cadence", "weekly")
	saved := s.post(path, form, "Origin", baseURL).Header.Get("Location")
	if got := s.get(saved); got.text(".notice.good p") != "Saved." || got.doc.Find("[name=undo]").Length() != 1 {
		t.Fatalf("a press: %q", got.text("main"))
	}
	_, query, _ := strings.Cut(saved, "?")
	if got := s.get("/preferences/" + s.subscribed("olha@example.org").Preferences + "?" + query); got.doc.Find("[role=status]").Length() != 0 {
		t.Errorf("at another reader's page: %q", got.text("[role=status]"))
	}
	s.clock.Advance(16 * time.Minute)
	if got := s.get(saved); got.StatusCode != http.StatusOK || got.doc.Find("[role=status]").Length() != 0 {
		t.Errorf("later: %q", got.text("[role=status]"))
	}
	link := s.leaveLink(c)
	s.do(oneClick(link, "application/x-www-form-urlencoded", urlencoded))
	if got := s.get(link + "?over=1"); got.doc.Find("[value=undo]").Length() != 1 {
		t.Errorf("the 30 days are said to be over: %q", got.text("main"))
	}
	data := s.fresh(c, "nadia@example.org")
	if got := s.get(data + "/consent?mailed=1"); got.doc.Find("[role=status]").Length() != 0 {
		t.Errorf("the receipt: %q", got.text("[role=status]"))
	}
	if _, err := s.pool.Exec(t.Context(), "DELETE FROM subscriber"); err != nil {
		t.Fatal(err)
	}
	if got := s.get(data + "?erased=1"); got.text("h1") != "We keep nothing about you" {
		t.Errorf("erased: %q", got.text("main"))
	}
}

// An older undo does not throw away what was chosen after it.
func TestUndoAfterANewerChoice(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := "/preferences/" + s.subscribed("nadia@example.org").Preferences
	press := func(changes ...string) (undo url.Values) {
		f := fill(s.get(path).doc, "#settings")
		for i := 0; i < len(changes); i += 2 {
			f.Set(changes[i], changes[i+1])
		}
		undo = fill(s.press(path, f, "Origin", baseURL).doc, ".notice form")
		undo.Set("act", "undo")
		return undo
	}
	settings := func() (found string) {
		if err := s.pool.QueryRow(t.Context(), `SELECT concat_ws(' ', cadence, hour, zone) FROM subscription`).Scan(&found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	first := settings()
	older := press("cadence", "daily")
	daily := settings()
	newer := press("cadence", "instant", "hour", "19", "zone", "Europe/Paris")
	events := s.count("SELECT count(*) FROM consent_event")
	got := s.press(path, older, "Origin", baseURL)
	if settings() != "instant 19 Europe/Paris" || s.count("SELECT count(*) FROM consent_event") != events {
		t.Errorf("the newer choice is gone: %s", settings())
	}
	if shown := fill(got.doc, "#settings"); !strings.Contains(got.text(".notice.warn[role=status]"), "changed again") || shown.Get("zone") != "Europe/Paris" {
		t.Errorf("the page: %q", got.text("main"))
	}
	// Taken back in their order, and twice by a double click.
	for _, step := range []struct {
		undo url.Values
		want string
	}{{newer, daily}, {newer, daily}, {older, first}, {older, first}} {
		if got = s.press(path, step.undo, "Origin", baseURL); settings() != step.want || !strings.Contains(got.text("[role=status]"), "Taken back") {
			t.Errorf("%s, not %s: %q", settings(), step.want, got.text("main"))
		}
	}
}

// Back from what a press led to shows the page of the one before: it says nothing
// of a press that has been taken back since.
func TestAPageTellsOfAPressThatStillHolds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := "/preferences/" + s.subscribed("nadia@example.org").Preferences
	press := func(form url.Values) (at, words string) {
		t.Helper()
		at = s.post(path, form, "Origin", baseURL).Header.Get("Location")
		return at, s.get(at).text("[role=status]")
	}
	form := fill(s.get(path).doc, "#settings")
	form.Set("cadence", "weekly")
	saved, words := press(form)
	if !strings.Contains(words, "Saved") {
		t.Fatalf("saved: %q", words)
	}
	undo := fill(s.get(saved).doc, ".notice form")
	undo.Set("act", "undo")
	undone, words := press(undo)
	if !strings.Contains(words, "Taken back") {
		t.Fatalf("undone: %q", words)
	}
	if got := s.get(saved); got.doc.Find(".notice").Length() != 0 || got.doc.Find("[value=instant][checked]").Length() != 1 {
		t.Errorf("back to what was saved: %q", got.text("main"))
	}
	if _, words = press(form); !strings.Contains(words, "Saved") {
		t.Fatalf("saved again: %q", words)
	}
	if got := s.get(undone).text("[role=status]"); got != "" {
		t.Errorf("back to what was taken back: %q", got)
	}
	if got := s.get(saved).text("[role=status]"); !strings.Contains(got, "Saved") {
		t.Errorf("it holds again: %q", got)
	}
}

// Two presses at once both count: what each leaves as it is, is as it then is.
func TestLessOftenLosesNoOther(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	link := s.leaveLink(c)
	form := fill(s.get(link).doc, "form.act")
	s.clock.Advance(3 * time.Second)
	held, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := held.Exec(t.Context(), `SELECT FROM subscription FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i, act := range []string{"weekly", "pause"} {
		f := maps.Clone(form)
		f.Set("act", act)
		wg.Go(func() {
			if got := s.post(link, f, "Origin", baseURL); got.StatusCode != http.StatusSeeOther {
				t.Errorf("%s: %d %q", act, got.StatusCode, got.text("main"))
			}
		})
		s.until(func() bool {
			return s.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == i+1
		})
	}
	if err := held.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if s.count(`SELECT count(*) FROM subscription WHERE cadence = 'weekly' AND paused_until IS NOT NULL`) != 1 {
		t.Error("one of the two is lost")
	}
}

// until waits for what other goroutines bring about.
func (s *site) until(reached func() bool) {
	s.t.Helper()
	for !reached() {
		if s.t.Context().Err() != nil {
			s.t.FailNow()
		}
		runtime.Gosched()
	}
}
