package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"vistka/internal/emailaddr"
	"vistka/internal/subscriber"
	"vistka/internal/suppression"
	"vistka/internal/token"
)

// fresh is the link that a reader is mailed now.
func (s *site) fresh(c subscriber.Confirmation, mailbox string) string {
	s.t.Helper()
	a, err := emailaddr.Parse(mailbox)
	if err != nil {
		s.t.Fatal(err)
	}
	payload := subscriber.FreshPayload(c.NewsletterID, c.SubscriberID, s.clock.Now().Add(subscriber.FreshFor), s.subs.Hasher.Sum(a.Key()))
	return "/data/" + s.keys.Sign(token.Fresh, payload)
}

// state is all that a press could change.
func (s *site) state() string {
	s.t.Helper()
	var out string
	err := s.pool.QueryRow(s.t.Context(), `SELECT concat((SELECT json_agg(x ORDER BY id) FROM subscriber x), (SELECT json_agg(x ORDER BY subscriber_id) FROM subscription x),
		(SELECT json_agg(x ORDER BY id) FROM consent_event x), (SELECT json_agg(x ORDER BY id) FROM address_change x), (SELECT json_agg(x) FROM suppression x))`).Scan(&out)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// Opening, however often and by whom, changes nothing; a program that submits
// the forms at once changes nothing either.
func TestOwnPagesAreInert(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	data := s.fresh(c, "nadia@example.org")
	s.ask(data, "nadia@example.net")
	pages := []string{data, data + "/mails", data + "/consent", data + "/download", data + "/erase", s.addressLink("address"), s.addressLink("keep-address"), "/preferences/" + c.Preferences}
	before, mailed := s.state(), len(s.notices)
	for _, path := range pages {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet} {
			got := s.do(with(newRequest(method, path), []string{"Purpose", "prefetch"}))
			if got.StatusCode != http.StatusOK || got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Referrer-Policy") != "same-origin" {
				t.Errorf("%s %s: %d %v", method, path, got.StatusCode, got.Header)
			}
		}
	}
	for _, path := range []string{data + "/erase", data + "/address", s.addressLink("address"), s.addressLink("keep-address")} {
		form := fill(s.get(strings.TrimSuffix(path, "/address")).doc, "form")
		form.Set("email", "other@example.net")
		if got := s.post(path, form); got.StatusCode != http.StatusOK || !strings.Contains(got.text("[role=alert]"), "Press once more") || !strings.Contains(got.text("[role=alert]"), "Nothing has been done yet") {
			t.Errorf("%s pressed at once: %d %q", path, got.StatusCode, got.text("main"))
		}
		form.Set("hand", "none")
		s.clock.Advance(3 * time.Second)
		if got := s.post(path, form); got.StatusCode != http.StatusOK {
			t.Errorf("%s pressed without a hand: %d", path, got.StatusCode)
		}
	}
	if s.state() != before || len(s.notices) != mailed {
		t.Errorf("something was changed:\n%s\n%s", before, s.state())
	}
}

func newRequest(method, path string) *http.Request {
	r, err := http.NewRequest(method, path, nil)
	if err != nil {
		panic(err)
	}
	r.RequestURI, r.RemoteAddr = path, "192.0.2.1:1234"
	return r
}

// ask presses the form for another address, as a person does.
func (s *site) ask(data, to string) answer {
	s.t.Helper()
	form := fill(s.get(data).doc, "form[action$='/address']")
	form.Set("email", to)
	s.clock.Advance(3 * time.Second)
	return s.post(data+"/address", form, "Origin", baseURL)
}

// addressLink is one of the links that the last wish for another address mailed.
func (s *site) addressLink(path string) string {
	id := int64(s.count(`SELECT max(id) FROM address_change`))
	if path == "address" {
		return "/address/" + subscriber.NewAddressToken(s.keys, s.n.ID, id)
	}
	return "/keep-address/" + subscriber.KeepAddressToken(s.keys, s.n.ID, id)
}

// pressOn presses the only button of a page.
func (s *site) pressOn(path string) answer {
	s.t.Helper()
	form := fill(s.get(path).doc, "form.act")
	s.clock.Advance(3 * time.Second)
	return s.press(path, form, "Origin", baseURL)
}

// A link works for its own purpose, in its time, for its own mailbox.
func TestLinksThatOpenNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	data := s.fresh(c, "nadia@example.org")
	key := strings.TrimPrefix(data, "/data/")
	wrong := []string{
		"/preferences/" + key, "/unsubscribe/" + key, "/address/" + key, "/keep-address/" + key, "/confirm/" + key, "/data/" + c.Preferences,
		"/data/" + strings.TrimPrefix(s.leaveLink(c), "/unsubscribe/"), "/data/" + key[:len(key)-2], "/address/" + subscriber.KeepAddressToken(s.keys, 1, 1),
		"/keep-address/" + subscriber.NewAddressToken(s.keys, 1, 1),
	}
	for _, path := range wrong {
		for _, below := range []string{"", "/erase", "/consent", "/download", "/mails"} {
			if below != "" && !strings.HasPrefix(path, "/data/") {
				continue
			}
			if got := s.get(path + below); got.StatusCode != http.StatusNotFound || strings.Contains(got.body, "nadia") {
				t.Errorf("%s: %d %q", path+below, got.StatusCode, got.text("main"))
			}
		}
	}
	form := fill(s.get(data+"/erase").doc, "form.act")
	s.clock.Advance(subscriber.FreshFor)
	for _, below := range []string{"", "/erase", "/consent", "/download", "/mails"} {
		got := s.get(data + below)
		if got.StatusCode != http.StatusGone || strings.Contains(got.body, "nadia@") || got.doc.Find("form button").Length() != 1 {
			t.Errorf("stale %s: %d %q", below, got.StatusCode, got.text("main"))
		}
	}
	for _, path := range []string{data + "/erase", data + "/address", data + "/consent"} {
		if got := s.post(path, form, "Origin", baseURL); got.StatusCode != http.StatusGone {
			t.Errorf("stale POST %s: %d", path, got.StatusCode)
		}
	}
	if s.count(active) != 1 {
		t.Fatal("a stale link erased")
	}
	mailed := len(s.notices)
	form = fill(s.get(data).doc, "form.act")
	if got := s.post(data, form, "Origin", baseURL); got.StatusCode != http.StatusBadRequest || len(s.notices) != mailed {
		t.Errorf("a press of no button: %d", got.StatusCode)
	}
	form.Set("act", "link")
	if got := s.press(data, form, "Origin", baseURL); !strings.Contains(got.text("[role=status]"), "We have mailed you a link") || len(s.notices) != mailed+1 {
		t.Errorf("a fresh one: %q", got.text("main"))
	}
}

func TestMailMeALink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	path := "/preferences/" + c.Preferences
	form := fill(s.get(path).doc, "section form")
	form.Set("act", "link")
	for i := range 4 {
		got := s.press(path, form, "Origin", baseURL)
		words, class := "We have mailed you a link", ".notice.good"
		if i == 3 {
			words, class = "several times", ".notice.warn"
		}
		if !strings.Contains(got.text(class), words) || strings.Contains(got.body, "nadia@") {
			t.Errorf("press %d: %q", i, got.text("main"))
		}
	}
	links := 0
	for _, n := range s.notices {
		if n.Kind == subscriber.NoticeLink && n.About == subscriber.AboutData && n.SubscriberID == c.SubscriberID {
			links++
		}
	}
	if links != 3 {
		t.Errorf("%d links were mailed", links)
	}
	s.do(oneClick(s.leaveLink(c), "application/x-www-form-urlencoded", urlencoded))
	s.clock.Advance(time.Hour)
	left := s.get(s.leaveLink(c))
	form = fill(left.doc, "section form")
	form.Set("act", "link")
	if got := s.press(left.doc.Find("section form").AttrOr("action", ""), form, "Origin", baseURL); !strings.Contains(got.text("[role=status]"), "na••@example.org") {
		t.Errorf("who has left: %d %q", got.StatusCode, got.text("main"))
	}
	if err := suppression.Add(t.Context(), s.pool, s.subs.Hasher.Sum("nadia@example.org"), suppression.HardBounce, "", s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if got := s.press(path, form, "Origin", baseURL); !strings.Contains(got.text("main"), "news@example.org") {
		t.Errorf("a mailbox that is gone: %q", got.text("main"))
	}
}

func TestOwnData(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	data := s.fresh(c, "nadia@example.org")
	if got := s.get(data); !strings.Contains(got.text("main"), "nadia@example.org") || !strings.Contains(got.text("main"), "works until 09:30 UTC") {
		t.Errorf("%q", got.text("main"))
	}
	if got := s.get(data + "/consent?lang=uk"); !strings.Contains(got.text("main"), "Ви підтвердили підписку на розсилку «Media Watch»") {
		t.Errorf("consent: %q", got.text("main"))
	}
	form := fill(s.get(data+"/consent").doc, "form.act")
	if got := s.press(data+"/consent", form, "Origin", baseURL); !strings.Contains(got.text("[role=status]"), "mailed it to you. If you asked a moment ago, it is the same mail") {
		t.Errorf("mailed: %q", got.text("main"))
	}
	last := s.notices[len(s.notices)-1]
	if last.About != subscriber.AboutReceipt || len(last.Records) != 2 || !strings.HasPrefix(last.Records[0].What, "You confirmed Media Watch") || len(last.Records[0].Details) == 0 {
		t.Errorf("%+v", last)
	}
	if got := s.get(data + "/mails"); !strings.Contains(got.text("main"), "Nothing has been sent") {
		t.Errorf("mails: %q", got.text("main"))
	}
	got := s.get(data + "/download")
	var all map[string]any
	if err := json.Unmarshal([]byte(got.body), &all); err != nil || all["address"] != "nadia@example.org" || !strings.Contains(got.Header.Get("Content-Disposition"), "attachment") ||
		got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v %v %s", err, got.Header, got.body)
	}
}

// The receipt says in words, in either language, what was agreed to, with which
// words, where and how, and whatever was changed since.
func TestReceiptSaysWhatWasAgreedAndChanged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	c := s.subscribed("nadia@example.org")
	step := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		s.clock.Advance(time.Minute)
	}
	s.exec(`WITH st AS (INSERT INTO story DEFAULT VALUES RETURNING id),
		a AS (INSERT INTO article (newsletter_id, story_id, url, title, first_seen_at, updated_at, state, reason)
			SELECT $1, id, $2, 'Who pays for the news', $3, $3, 'baseline', '{"key": "reason.words"}' FROM st RETURNING id)
		INSERT INTO article_key (newsletter_id, kind, value, article_id) SELECT $1, 'address', $2, id FROM a`, c.NewsletterID, article, s.clock.Now())
	p, err := s.subs.Preferences(ctx, c.Preferences)
	if err != nil {
		t.Fatal(err)
	}
	change := p.Change()
	change.Cadence, change.Locale, change.Topics, change.Hour, change.Zone = "weekly", "uk", []string{"Law", "Media"}, 19, "Europe/Kyiv"
	until := s.clock.Now().AddDate(0, 0, 30)
	change.PausedUntil = &until
	change.Preferred, change.Translation = "en", "only"
	step(s.subs.SavePreferences(ctx, c.Preferences, change, subscriber.Evidence{}))
	data := s.fresh(c, "nadia@example.org")
	s.ask(data, "nadia@example.net")
	s.pressOn(s.addressLink("address"))
	step(s.subs.Unsubscribe(ctx, c.Preferences, subscriber.FromHeader, subscriber.Evidence{}))
	data = s.fresh(c, "nadia@example.net")
	for lang, wanted := range map[string][]string{
		"en": {
			"You left Media Watch, with the unsubscribe button of a mail program", "You moved Media Watch to another address, confirmed from the new mailbox",
			"Address: nadia@example.net (before: nadia@example.org)", "When a story comes out in the other language first: Send it only in the language I prefer (before: Wait a while",
			"How often: Once a week (before: Each article, as it comes out)", "Language of pages and mails: Ukrainian (before: English)",
			"Topics: Law, Media (before: all of them)", "Pause: until 24 December 2026 (before: none)", "Time zone: Kyiv", "Hour: 19:00 (before: 08:00)",
			"You confirmed Media Watch, with the button behind the link in the mail", "This confirms what you asked for on 24 November 2026, 11:00 Kyiv time. Language of the page or mail: English", "You asked for Media Watch, with the sign-up form",
			"Address: nadia@example.org", "24 November 2026, 11:00 Kyiv time", "On the page “Who pays", "”, " + article,
		},
		"uk": {
			"Ви відписалися від розсилки «Media Watch» — кнопкою відписки в поштовій програмі", "Адреса: nadia@example.net (раніше: nadia@example.org)",
			"Якщо стаття спершу вийшла іншою мовою: Надсилати лише моєю мовою", "Як часто: Раз на тиждень (раніше: Кожна стаття, щойно вийде)", "Теми: Law, Media (раніше: усі)",
			"Пауза: до 24 грудня 2026 р. (раніше: немає)", "Часовий пояс: Київ", "Мова сторінки або листа: англійська", "Мова сторінок і листів: українська (раніше: англійська)", "24 листопада 2026 р., 11:00 за київським часом",
			"Так підтверджено те, про що ви попросили 24 листопада 2026 р., 11:00", "На сторінці «Who pays for the news», " + article,
		},
	} {
		got := s.get(data + "/consent?lang=" + lang).text("main")
		for _, want := range wanted {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is not said in %s", lang, want, got)
			}
		}
	}
}

func TestAnotherAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	s.subscribed("taken@example.net")
	data := s.fresh(c, "nadia@example.org")
	for typed, words := range map[string]string{"": "Enter your email", "nadia": "correct format", "Nadia@Example.org": "", "nadia@example.org": "already"} {
		got := s.ask(data, typed)
		if words == "" {
			continue
		}
		if got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got.text(".error"), words) || !got.errs() || got.doc.Find("#email").AttrOr("value", "") != typed {
			t.Errorf("%q: %d %q", typed, got.StatusCode, got.text(".error"))
		}
	}
	var answers []string
	said := regexp.MustCompile(`said=[^&"]+`)
	for _, to := range []string{"new@example.net", "taken@example.net"} {
		got := s.ask(data, to)
		answers = append(answers, said.ReplaceAllString(got.Header.Get("Location")+got.body, "")) // which holds the time
		if got.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %d %q", to, got.StatusCode, got.text("main"))
		}
	}
	if answers[0] != answers[1] {
		t.Errorf("the answers tell who is a reader:\n%s\n%s", answers[0], answers[1])
	}
	if got := s.get(data); !strings.Contains(got.text("[role=status]"), "come to taken@example.net") {
		t.Errorf("asked: %q", got.text("main"))
	}
	taken := s.get(s.addressLink("address"))
	form := fill(taken.doc, "form.act")
	s.clock.Advance(3 * time.Second)
	if got := s.post(s.addressLink("address"), form, "Origin", baseURL); got.text("h1") != "Nothing was changed" {
		t.Errorf("taken: %q", got.text("main"))
	}
	s.ask(data, "nadia.new@example.org") // looks the same when masked
	if got := s.get(s.addressLink("keep-address")); !strings.Contains(got.text("main"), "nadia.••@example.org") {
		t.Errorf("what the old mailbox is asked: %q", got.text("main"))
	}
	if got := s.get(s.addressLink("address")); !strings.Contains(got.text("main"), "nadia.new@example.org") {
		t.Errorf("what the new mailbox is asked: %q", got.text("main"))
	}
	s.ask(data, "new@example.net")
	if got := s.pressOn(s.addressLink("keep-address")); got.text("h1") != "Your address stays" {
		t.Errorf("kept: %q", got.text("main"))
	}
	if got := s.get(s.addressLink("address")); got.text("h1") != "This link no longer works" {
		t.Errorf("after it was stopped: %q", got.text("main"))
	}
	s.clock.Advance(time.Second)
	data = s.fresh(c, "nadia@example.org") // the one of before is closed
	s.ask(data, "new@example.net")
	if got := s.pressOn(s.addressLink("address")); got.text("h1") != "Your address is changed" || !strings.Contains(got.text("main"), "ne••@example.net") {
		t.Errorf("changed: %q", got.text("main"))
	}
	if s.count(`SELECT count(*) FROM subscriber WHERE address = 'new@example.net' AND id = (SELECT min(id) FROM subscriber)`) != 1 {
		t.Error("not changed, or another person")
	}
	got := s.get(data)
	if got.StatusCode != http.StatusGone || strings.Contains(got.body, "new@") || got.text("h1") != "Your mail comes to another address now" ||
		strings.Contains(got.text("main"), "30 minutes") || !strings.Contains(got.text("main"), "news@example.org") {
		t.Errorf("the link that the old mailbox has: %d %q", got.StatusCode, got.text("main"))
	}
	form = fill(got.doc, "form.act")
	form.Set("act", "link")
	s.press(data, form, "Origin", baseURL)
	if last := s.notices[len(s.notices)-1]; last.About != subscriber.AboutData || last.SubscriberID != c.SubscriberID {
		t.Errorf("the link that was asked for: %+v", last)
	}
	s.clock.Advance(subscriber.FreshFor)
	if got := s.get(data); got.text("h1") != "This link no longer works" {
		t.Errorf("the link of before, 30 minutes old: %q", got.text("main"))
	}
	if got := s.get(s.addressLink("keep-address")); got.text("h1") != "The change is done already" {
		t.Errorf("too late: %q", got.text("main"))
	}
}

func TestErase(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.subscribed("nadia@example.org")
	data := s.fresh(c, "nadia@example.org")
	if got := s.post(data+"/erase", url.Values{}, "Origin", "https://elsewhere.example"); got.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %d", got.StatusCode)
	}
	const asks = "Only if somebody signs" // it is asked to confirm, as anybody
	if got := s.get(data + "/erase"); !strings.Contains(got.text("main"), asks) {
		t.Errorf("promises that no mail comes: %q", got.text("main"))
	}
	if got := s.pressOn(data + "/erase"); got.text("h1") != "Everything is erased" || !strings.Contains(got.text("main"), asks) {
		t.Errorf("%q", got.text("main"))
	}
	if s.count(`SELECT count(*) FROM subscriber`) != 0 || s.count(`SELECT count(*) FROM suppression WHERE reason = 'erased'`) != 1 {
		t.Error("not erased, or nothing keeps the address from being mailed")
	}
	if got := s.get(data); got.StatusCode != http.StatusOK || got.text("h1") != "We keep nothing about you" {
		t.Errorf("afterwards: %d %q", got.StatusCode, got.text("main"))
	}
	if got := s.get("/preferences/" + c.Preferences); got.text("h1") != "You are not on the list" {
		t.Errorf("the long-lived link: %q", got.text("main"))
	}
}
