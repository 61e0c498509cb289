package server_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/jackc/pgx/v5"

	"vistka/internal/hotline"
)

// desk remembers what it was told.
type desk struct {
	mu   sync.Mutex
	told []hotline.Notice
}

func (d *desk) notify(_ context.Context, _ pgx.Tx, n hotline.Notice) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told = append(d.told, n)
	return nil
}

// hotlineSite is a site with an open hotline.
func hotlineSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.setHotline(hotline.Settings{
		Open: true, Phone: "+380 44 000 00 00", Hours: map[string]string{"en": "We are available 24/7", "uk": "Ми на зв’язку цілодобово"},
		Elsewhere: map[string]string{"en": "Come by at 1 Press Lane."}, Desk: []string{"desk@example.org"}, DeskLocale: "uk", KeepDays: 30,
	})
	return s
}

func (s *site) setHotline(set hotline.Settings) {
	s.t.Helper()
	err := pgx.BeginFunc(s.t.Context(), s.pool, func(tx pgx.Tx) error { return s.hotline.SaveSettings(s.t.Context(), tx, set) })
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) requests() int { return s.count("SELECT count(*) FROM hotline_request") }

// snippets are what a form on the site itself posts.
var snippets = map[string]url.Values{
	"/hotline/callback": {"lang": {"en"}, "name": {"Nadia"}, "phone": {"+380 44 123 45 67"}, "best_time": {"after six"}, "website": {""}},
	"/hotline/complaint": {
		"lang": {"en"}, "subject": {"A photo"}, "text": {"It shows another street."}, "contact": {"nadia@example.org"}, "website": {""},
	},
}

func TestHotlineFormsOnAListedSite(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	for path, form := range snippets {
		got := s.press(path, form, "Origin", siteOrigin, "Sec-Fetch-Site", "cross-site")
		reference := got.text(".reference dd")
		if got.StatusCode != http.StatusOK || got.text("h1") != "Thank you for reaching out" || !regexp.MustCompile(`^\d{4}-\d{4}$`).MatchString(reference) {
			t.Errorf("%s: %d %q", path, got.StatusCode, got.text("main"))
		}
		if !strings.Contains(got.text("main"), "+380 44 000 00 00") || got.doc.Find(`a[href="tel:+380440000000"]`).Length() != 1 {
			t.Errorf("%s: no number to call: %q", path, got.text("main"))
		}
		if n := s.count("SELECT count(*) FROM hotline_request WHERE reference = '" + reference + "' AND '/hotline/' || kind = '" + path + "'"); n != 1 {
			t.Errorf("%s: not stored", path)
		}
		if len(got.Cookies()) > 0 {
			t.Error("a cookie was set")
		}
	}
	if len(s.desk.told) != 2 || s.desk.told[0].Address != "desk@example.org" {
		t.Errorf("the desk was told %+v", s.desk.told)
	}
	if n := s.count("SELECT (SELECT count(*) FROM signup) + (SELECT count(*) FROM subscriber)"); n != 0 {
		t.Error("somebody was signed up")
	}
}

func TestHotlinePages(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	callback := s.get("/hotline/callback?lang=en")
	for _, words := range []string{
		"Leave your contact details and we contact you", "+380 44 000 00 00", "We are available 24/7", "This form is not anonymous.",
		"Come by at 1 Press Lane.", "after 30 days", "Or contact us", "File a complaint",
	} {
		if !strings.Contains(callback.text("main"), words) {
			t.Errorf("%q is missing: %s", words, callback.text("main"))
		}
	}
	if s.get(callback.doc.Find(".aside a").AttrOr("href", "")).text("h1") != "File a complaint" {
		t.Error("the way to the other form leads elsewhere")
	}
	ukrainian := s.get("/hotline/complaint?lang=uk")
	if ukrainian.text("h1") != "Подати скаргу" || !strings.Contains(ukrainian.text("main"), "Ця форма не анонімна.") ||
		!strings.Contains(ukrainian.text("main"), "надішліть паперовий лист") || ukrainian.doc.Find("#language option[selected]").AttrOr("value", "") != "uk" {
		t.Errorf("in Ukrainian: %s", ukrainian.text("main"))
	}
	for _, got := range []answer{callback, ukrainian} {
		if got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Referrer-Policy") != "same-origin" || len(got.Cookies()) > 0 {
			t.Errorf("headers %v", got.Header)
		}
		got.doc.Find("main input:not([type=hidden]), main textarea, main select").Each(func(_ int, in *goquery.Selection) {
			if in.Closest(".trap").Length() == 0 && got.doc.Find("label[for="+in.AttrOr("id", "")+"]").Length() != 1 {
				t.Errorf("%s has no label", in.AttrOr("name", ""))
			}
		})
	}
	s.setHotline(hotline.Settings{KeepDays: 30})
	for path, form := range snippets {
		if got := s.get(path); got.StatusCode != http.StatusNotFound || got.text("h1") != "There is no hotline here" {
			t.Errorf("shut: %d %q", got.StatusCode, got.text("h1"))
		}
		if got := s.post(path, form, "Origin", siteOrigin); got.StatusCode != http.StatusNotFound || s.requests() != 0 {
			t.Errorf("shut: %d", got.StatusCode)
		}
	}
}

func TestHotlineErrorsStandBesideTheField(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	form := maps.Clone(snippets["/hotline/callback"])
	form.Set("phone", "call me")
	form.Set("lang", "uk")
	got := s.post("/hotline/callback", form, "Origin", siteOrigin)
	field := got.doc.Find("#phone")
	if got.StatusCode != http.StatusUnprocessableEntity || !strings.HasPrefix(got.text("#phone-error"), "Помилка: Вкажіть лише номер, без слів") ||
		field.AttrOr("aria-invalid", "") != "true" || !strings.Contains(field.AttrOr("aria-describedby", ""), "phone-error") {
		t.Errorf("%d %q", got.StatusCode, got.text("main"))
	}
	if _, focused := field.Attr("autofocus"); !focused || field.AttrOr("value", "") != "call me" || got.doc.Find("#name").AttrOr("value", "") != "Nadia" {
		t.Error("focus not moved, or input lost")
	}

	form = url.Values{"lang": {"en"}, "contact": {"nadia@example.org"}, "text": {strings.Repeat("я", hotline.MaxText+1)}}
	got = s.post("/hotline/complaint", form, "Origin", siteOrigin)
	if !strings.Contains(got.text("#text-error"), "Shorten the text to 5,000 characters") || got.text("#subject-error") == "" ||
		got.doc.Find("[autofocus]").Length() != 1 || got.doc.Find("#subject[autofocus]").Length() != 1 {
		t.Errorf("%d %q", got.StatusCode, got.text(".error"))
	}
	if !got.errs() || got.doc.Find("#text").Is("[maxlength]") || !strings.Contains(got.text("#text-hint"), "At most 5,000 characters") {
		t.Errorf("errors %q, limit %q", got.text("title"), got.text("#text-hint"))
	}
	if len([]rune(got.doc.Find("#text").Text())) < hotline.MaxText || got.doc.Find("#contact").AttrOr("value", "") != "nadia@example.org" {
		t.Error("what was typed is lost")
	}
	if s.requests() != 0 {
		t.Error("stored all the same")
	}
}

func TestHotlineInAFrame(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	const listed = "'self' " + siteOrigin
	s.exec(`UPDATE newsletter SET origins = origins || origins`) // as of two newsletters that share a site
	shown := s.get("/embed/hotline?lang=en", "Referer", article)
	if framers(shown) != listed || shown.doc.Find("header, footer").Length() != 0 || shown.text("h1") != "Leave your contact details and we contact you" ||
		!strings.Contains(shown.text("main"), "This form is not anonymous.") {
		t.Errorf("%q, framed by %s", shown.text("main"), framers(shown))
	}
	form := fill(shown.doc, "main form")
	form.Set("phone", "call me")
	s.clock.Advance(3 * time.Second)
	wrong := s.post("/hotline/callback", form, "Origin", baseURL)
	if framers(wrong) != listed || wrong.text("#phone-error") == "" {
		t.Errorf("an error leaves the frame: %s", framers(wrong))
	}
	form = fill(wrong.doc, "main form")
	form.Set("phone", "0441234567")
	s.clock.Advance(3 * time.Second)
	done := s.press("/hotline/callback", form, "Origin", baseURL)
	if framers(done) != listed || done.text("h1") != "Thank you for reaching out" || done.doc.Find(".back").Length() != 0 || s.requests() != 1 {
		t.Errorf("%q, framed by %s", done.text("main"), framers(done))
	}
	other := s.get(shown.doc.Find(".aside a").AttrOr("href", ""))
	if framers(other) != listed || other.text("h1") != "File a complaint" {
		t.Errorf("%q, framed by %s", other.text("h1"), framers(other))
	}
	for _, path := range []string{"/hotline/callback", "/hotline/complaint"} {
		if got := s.get(path); framers(got) != "'none'" {
			t.Errorf("%s may be framed by %s", path, framers(got))
		}
	}
	if log := s.log.String(); log != "" {
		t.Errorf("in the log:\n%s", log)
	}
	s.setHotline(hotline.Settings{KeepDays: 30})
	if got := s.get("/embed/hotline"); got.StatusCode != http.StatusNotFound || framers(got) != listed {
		t.Errorf("shut: %d, framed by %s", got.StatusCode, framers(got))
	}
}

// Not a line in the log, nothing of the reader's in the database.
func TestHotlineLeavesNoTrace(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	for path, form := range snippets {
		headers := []string{"Origin", siteOrigin, "Referer", article, "User-Agent", "Secret/1.0", "X-Forwarded-For", "203.0.113.9"}
		form = maps.Clone(form)
		form.Set("article", article)
		s.get(path, headers...)
		s.press(path, form, headers...)
		s.post(path, url.Values{"phone": {"x"}}, headers...)
		s.post(path, form, "Origin", "https://elsewhere.example")
	}
	s.get("/hotline/thanks/none")
	if log := s.log.String(); log != "" {
		t.Errorf("in the log:\n%s", log)
	}
	for _, secret := range []string{"Secret/1.0", "203.0.113.9", "192.0.2.1", "who-pays", siteOrigin} {
		if n := s.count("SELECT count(*) FROM hotline_request r WHERE r::text LIKE '%" + secret + "%'"); n != 0 {
			t.Errorf("%s is stored", secret)
		}
	}
	// What fails must be told to the operator, without a word of what was typed.
	if _, err := s.pool.Exec(t.Context(), "ALTER TABLE hotline_request ADD CONSTRAINT full_disk CHECK (false) NOT VALID"); err != nil {
		t.Fatal(err)
	}
	form := maps.Clone(snippets["/hotline/complaint"])
	form.Set("text", "And another thing.")
	got := s.post("/hotline/complaint", form, "Origin", siteOrigin)
	if got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got.text("[role=alert]"), "what you wrote is still here") || got.text("#text") != "And another thing." {
		t.Errorf("%d %q", got.StatusCode, got.text("main"))
	}
	if log := s.log.String(); !strings.Contains(log, "full_disk") || strings.Contains(log, "another") || strings.Contains(log, "nadia") || strings.Contains(log, "192.0.2.1") {
		t.Errorf("in the log:\n%s", log)
	}
	s.pool.Close()
	if got := s.post("/hotline/complaint", form, "Origin", siteOrigin); got.StatusCode != http.StatusServiceUnavailable || got.text("#text") != "And another thing." {
		t.Errorf("without a database: %d %q", got.StatusCode, got.text("main"))
	}
}

func TestHotlineThanksAreOurs(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	for _, made := range []string{"x", "Y2FsbGJhY2sgMTIzNC01Njc4", s.keys.Sign("form", []byte("callback 1234-5678"))} {
		if got := s.get("/hotline/thanks/" + made); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", made, got.StatusCode)
		}
	}
}

func TestHotlineTakesAnyText(t *testing.T) {
	t.Parallel()
	s := hotlineSite(t)
	for _, field := range []string{"name", "phone", "best_time", "language", "lang", "form"} {
		form := maps.Clone(snippets["/hotline/callback"])
		form.Set(field, "\x00\xff'\"<b>&")
		if got := s.post("/hotline/callback", form, "Origin", siteOrigin); got.StatusCode >= http.StatusInternalServerError || got.StatusCode == http.StatusBadRequest {
			t.Errorf("%s garbled: %d", field, got.StatusCode)
		}
	}
	if got := s.post("/hotline/callback", url.Values{}, "Origin", siteOrigin); got.StatusCode != http.StatusBadRequest {
		t.Errorf("no form: %d", got.StatusCode)
	}
}
