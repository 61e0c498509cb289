package server_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"vistka/internal/subscriber"
	"vistka/internal/token"
)

func (s *site) leaveLink(c subscriber.Confirmation) string {
	return "/unsubscribe/" + subscriber.UnsubscribeToken(s.keys, c.NewsletterID, c.SubscriberID)
}

// oneClick is the request of RFC 8058 section 3.2: no cookie, no Origin.
func oneClick(link, kind, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, link, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	r.Header.Set("User-Agent", "mail provider")
	return r
}

const (
	urlencoded = "List-Unsubscribe=One-Click"
	boundary   = "---FormBoundaryjWmhtjORrn"
	multipart  = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--" + boundary + "--\r\n"
)

func TestOneClick(t *testing.T) {
	t.Parallel()
	for name, req := range map[string][2]string{
		"urlencoded": {"application/x-www-form-urlencoded", urlencoded},
		"multipart":  {"multipart/form-data; boundary=" + boundary, multipart},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			link := s.leaveLink(s.subscribed("nadia@example.org"))
			var wg sync.WaitGroup
			for range 8 { // at once, and once more after
				wg.Go(func() { s.do(oneClick(link, req[0], req[1])) })
			}
			wg.Wait()
			got := s.do(oneClick(link, req[0], req[1]))
			if got.StatusCode != http.StatusOK || got.Header.Get("Location") != "" || len(got.Cookies()) > 0 {
				t.Errorf("%d %v", got.StatusCode, got.Header)
			}
			if s.count(active) != 0 || s.count("SELECT count(*) FROM consent_event WHERE kind = 'withdrawn'") != 1 {
				t.Error("not left, or left more than once")
			}
		})
	}
}

// Who reads several newsletters can leave all of them with one press, and take
// that back with another.
func TestStopEverything(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := s.leaveLink(s.subscribed("nadia@example.org"))
	if s.get(link).doc.Find("[value=everything]").Length() != 0 {
		t.Error("offered to the reader of one newsletter")
	}
	s.exec(`WITH n AS (
			INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address)
			SELECT family_id, 'varta', 'Варта', 'uk', 'Варта', 'news@example.org' FROM newsletter WHERE id = $1 RETURNING id)
		INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, locale, zone, hour, seen_seq, provider_id, created_at)
		SELECT n.id, s.subscriber_id, 'active', 'instant', 'uk', 'UTC', 8, 0, s.provider_id, s.created_at FROM n, subscription s`, s.n.ID)
	form := fill(s.get(link).doc, "form")
	form.Set("act", "everything")
	if got := s.post(link, form); !strings.Contains(got.text("[role=alert]"), "Press once more") || got.doc.Find("[value=everything][autofocus]").Length() != 1 || s.count(active) != 2 {
		t.Errorf("at once: %q", got.text("main"))
	}
	s.clock.Advance(3 * time.Second)
	got := s.press(link, form)
	if got.text("h1") != "You have left all newsletters" || got.text("button[value=undo]") != "Restore 2 subscriptions" || s.count(active) != 0 {
		t.Errorf("left: %q, %d active", got.text("main"), s.count(active))
	}
	if there := s.get(got.doc.Find("header nav a[lang=uk]").AttrOr("href", "")); there.text("button[value=undo]") != "Повернути 2 підписки" {
		t.Errorf("in Ukrainian: %q", there.text("main"))
	}
	form = fill(got.doc, "form")
	form.Set("act", "undo")
	s.clock.Advance(3 * time.Second)
	if got = s.press(link, form); !strings.Contains(got.text("[role=status]"), "You are back. Restored: Media Watch, Варта. Nothing") || s.count(active) != 2 {
		t.Errorf("back: %q, %d active", got.text("main"), s.count(active))
	}
}

// The page of who has left says until when it can be taken back, and no longer than
// that is so. It tells of the press that led to it, not of one of before.
func TestHowLongLeavingCanBeTakenBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := s.leaveLink(s.subscribed("nadia@example.org"))
	form := fill(s.get(link).doc, "form")
	form.Set("act", "leave")
	s.clock.Advance(3 * time.Second)
	ends := s.clock.Now().Add(30 * day)
	left := s.press(link, form)
	if want := "until " + ends.UTC().Format("2 January 2006"); !strings.Contains(left.text(".lead[role=status][autofocus]"), want) {
		t.Errorf("%q does not say %q", left.text("main"), want)
	}
	s.clock.Advance(ends.Sub(s.clock.Now()))
	again := s.get(link)
	if again.doc.Find("button[value=undo]").Length() != 1 || again.doc.Find("[role=status], [autofocus]").Length() != 0 {
		t.Errorf("opened again: %q", again.text("main"))
	}
	s.clock.Advance(time.Second)
	if over := s.get(link); over.doc.Find("button[value=undo]").Length() != 0 || !strings.Contains(over.text(".lead"), "The 30 days are over") {
		t.Errorf("afterwards: %q", over.text("main"))
	}
}

// "Stop everything" after the mail program's own button: its page says which
// newsletters it ended, and its undo brings back these.
func TestStopEverythingAfterOneClick(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := s.leaveLink(s.subscribed("nadia@example.org"))
	s.exec(`WITH n AS (
			INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address)
			SELECT family_id, 'varta', 'Varta', 'uk', 'Varta', 'news@example.org' FROM newsletter WHERE id = $1 RETURNING id)
		INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, locale, zone, hour, seen_seq, provider_id, created_at)
		SELECT n.id, s.subscriber_id, 'active', 'instant', 'uk', 'UTC', 8, 0, s.provider_id, s.created_at FROM n, subscription s`, s.n.ID)
	form := fill(s.get(link).doc, "form")
	s.do(oneClick(link, "application/x-www-form-urlencoded", urlencoded))
	s.clock.Advance(3 * time.Second)
	form.Set("act", "everything")
	left := s.press(link, form)
	if left.text("h1") != "You have left all newsletters" || !strings.Contains(left.text("[role=status]"), "This ended 1 subscription: Varta. You had left Media Watch before") || left.text("button[value=undo]") != "Restore 1 subscription" || s.count(active) != 0 {
		t.Fatalf("left: %q, %d active", left.text("main"), s.count(active))
	}
	inUkrainian := s.get(left.doc.Find("header nav a[lang=uk]").AttrOr("href", ""))
	if said := inUkrainian.text("[role=status]"); !strings.Contains(said, "«Varta»") || !strings.Contains(said, "«Media Watch»") {
		t.Errorf("names are not quoted alike: %q", said)
	}
	undo := fill(left.doc, "form")
	undo.Set("act", "undo")
	back := s.press(link, undo)
	if back.text("h1") != "You have left Media Watch" || !strings.Contains(back.text("[role=status]"), "1 other subscription is back: Varta.") || s.count(active) != 1 {
		t.Errorf("back: %q, %d active", back.text("main"), s.count(active))
	}
	undo = fill(back.doc, "form")
	undo.Set("act", "undo")
	s.clock.Advance(3 * time.Second)
	if back = s.press(link, undo); !strings.Contains(back.text("[role=status]"), "You are back") || s.count(active) != 2 {
		t.Errorf("the one-click leave: %q, %d active", back.text("main"), s.count(active))
	}
}

func TestLeaveLinkIsInert(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	link := s.leaveLink(c)
	shown := s.get(link, "Purpose", "prefetch")
	if shown.doc.Find("main .act > .buttons button").Length() != 1 || shown.Header.Get("Referrer-Policy") != "same-origin" ||
		shown.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("page: %q %v", shown.text("main"), shown.Header)
	}
	form := fill(shown.doc, "form")
	form.Set("act", "leave")
	if got := s.post(link, form); !strings.Contains(got.text("[role=alert]"), "Press once more") {
		t.Errorf("at once: %q", got.text("main"))
	}
	if got := s.post(link, url.Values{"something": {"else"}}); got.StatusCode != http.StatusBadRequest {
		t.Errorf("neither button nor one-click: %d", got.StatusCode)
	}
	broken := link[:len(link)-1] + "A"
	if broken == link {
		broken = link[:len(link)-1] + "Q"
	}
	confirm := "/unsubscribe/" + s.keys.Sign(token.Confirm, token.Pair(1, 1))
	for _, path := range []string{broken, confirm} {
		if got := s.do(oneClick(path, "application/x-www-form-urlencoded", urlencoded)); got.StatusCode != http.StatusNotFound {
			t.Errorf("a link that is not ours: %d", got.StatusCode)
		}
	}
	if s.count(active) != 1 {
		t.Fatal("left without a person")
	}
	s.clock.Advance(3 * time.Second)
	left := s.press(link, form)
	if left.text("h1") != "You have left Media Watch" || s.count(active) != 0 {
		t.Fatalf("%q", left.text("main"))
	}
	undo := fill(left.doc, "form")
	undo.Set("act", "undo")
	if back := s.press(link, undo); s.count(active) != 1 || !strings.Contains(back.text("[role=status]"), "You are back") {
		t.Fatalf("undo by who has just left: %q", back.text("main"))
	}
	left = s.press(link, form)
	scanned := fill(s.get(link).doc, "form") // opened later, from an old mail
	scanned.Set("act", "undo")
	if got := s.post(link, scanned); s.count(active) != 0 || !strings.Contains(got.text("[role=alert]"), "Press once more") {
		t.Errorf("a program that submits the form on load brings back who has left: %q", got.text("main"))
	}
	undo = fill(left.doc, "form")
	undo.Set("act", "undo")
	s.clock.Advance(29 * 24 * time.Hour)
	if back := s.press(link, undo); s.count(active) != 1 || !strings.Contains(back.text("[role=status]"), "You are back") {
		t.Errorf("undo: %q", back.text("main"))
	}
}

func TestLessOften(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := s.leaveLink(s.subscribed("nadia@example.org"))
	form := fill(s.get(link).doc, "form")
	s.clock.Advance(3 * time.Second)
	form.Set("act", "weekly")
	if got := s.press(link, form); got.text("h1") != "Your settings" || s.count("SELECT count(*) FROM subscription WHERE cadence = 'weekly'") != 1 {
		t.Errorf("weekly: %q", got.text("main"))
	}
	form.Set("act", "pause")
	if got := s.get(link); got.text("#less") != "A pause instead?" || got.doc.Find("[value=weekly]").Length() != 0 {
		t.Errorf("weekly already: %q", got.text("main"))
	}
	if got := s.press(link, form); !strings.Contains(got.text("main"), "Paused until 24 December 2026") {
		t.Errorf("pause: %q", got.text("main"))
	}
	// A pause that lasts longer is offered no shorter one, and an old page makes none.
	s.exec("UPDATE subscription SET paused_until = '2027-02-01 12:00Z'")
	if got := s.get(link); got.doc.Find("[value=pause], #less").Length() != 0 {
		t.Errorf("a shorter pause: %q", got.text("main"))
	}
	if got := s.press(link, form); !strings.Contains(got.text("main"), "Paused until 1 February 2027") {
		t.Errorf("the longer pause: %q", got.text("main"))
	}
	// Nor does an old page make a rarer mail a weekly one.
	s.exec("UPDATE subscription SET cadence = 'monthly'")
	form.Set("act", "weekly")
	if got := s.press(link, form); s.count("SELECT count(*) FROM subscription WHERE cadence = 'monthly'") != 1 {
		t.Errorf("monthly: %q", got.text("main"))
	}
}

func TestUnsubscribeNeverSaysAFalseYes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := s.leaveLink(s.subscribed("nadia@example.org"))
	s.pool.Close()
	got := s.do(oneClick(link, "application/x-www-form-urlencoded", urlencoded))
	if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	link := "/preferences/" + c.Preferences
	if _, err := s.pool.Exec(t.Context(), "UPDATE subscription SET zone = 'Europe/Kyiv'"); err != nil {
		t.Fatal(err)
	}
	shown := s.get(link)
	if zone := shown.text("#zone option[selected]"); zone != "Kyiv (UTC+2)" || !strings.Contains(shown.text("#hour-hint"), "on Mondays") {
		t.Errorf("when it comes: %q %q", zone, shown.text("#hour-hint"))
	}
	form := fill(shown.doc, "form#settings")
	form.Set("cadence", "monthly")
	form.Set("hour", "19")
	form.Set("locale", "uk")
	form.Set("pause", "week")
	got := s.press(link, form, "Origin", baseURL)
	if got.text(".notice.good p") != "Збережено." || !strings.Contains(got.text("main"), "1 грудня 2026") {
		t.Errorf("%d %q", got.StatusCode, got.text("main"))
	}
	if s.count("SELECT count(*) FROM subscription WHERE cadence = 'monthly' AND hour = 19 AND locale = 'uk' AND paused_until > '2026-11-30'") != 1 {
		t.Error("not saved")
	}
	for field, bad := range map[string]string{"cadence": "hourly", "hour": "24", "locale": "xx", "pause": "for ever"} {
		form := url.Values{field: {bad}}
		if got := s.post(link, form, "Origin", baseURL); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s=%s: %d", field, bad, got.StatusCode)
		}
	}
	if got := s.post(link, form, "Origin", "https://elsewhere.example"); got.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %d", got.StatusCode)
	}
	s.do(oneClick(s.leaveLink(c), "application/x-www-form-urlencoded", urlencoded))
	if got := s.post(link, form, "Origin", baseURL); !strings.HasPrefix(got.text("h1"), "Ви відписалися") {
		t.Errorf("after leaving: %q", got.text("main"))
	}
}

var errAway = errors.New("database away")
