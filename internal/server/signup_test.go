package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"vistka/internal/server"
)

func TestForeignFormOnAListedSite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	got := s.post("/subscribe", foreign("Nadia@Example.org"), "Origin", siteOrigin, "Sec-Fetch-Site", "cross-site")
	if got.StatusCode != http.StatusOK || got.text("h1") != "One step left" {
		t.Fatalf("%d %q", got.StatusCode, got.text("h1"))
	}
	if lead := got.text("main .lead"); !strings.Contains(lead, "Na••@") || strings.Contains(lead, "Nadia@") {
		t.Errorf("address is not masked: %q", lead)
	}
	if strings.Contains(got.text("main"), "Thank you") {
		t.Error("thanked before it is done: it reads as if nothing were left")
	}
	if href := got.doc.Find(".back a").AttrOr("href", ""); href != article {
		t.Errorf("back leads to %q", href)
	}
	if len(got.Cookies()) > 0 {
		t.Error("a cookie was set")
	}
	if n := s.count("SELECT count(*) FROM signup WHERE attested AND article_url = '" + article + "'"); n != 1 {
		t.Errorf("%d attested sign-ups", n)
	}
	if n := s.count("SELECT count(*) FROM signup WHERE wording LIKE '%a form that is not ours%'"); n != 1 {
		t.Error("words that we cannot know are not marked as such")
	}
}

func TestWhereAPostComesFrom(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		origin   string
		status   int
		attested int
		signups  int
	}{
		"listed":               {siteOrigin, 200, 1, 1},
		"not listed":           {"https://elsewhere.example", 403, 0, 0},
		"null":                 {"null", 200, 0, 1},
		"none":                 {"", 200, 0, 1},
		"ours without a token": {baseURL, 422, 0, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			var headers []string
			if c.origin != "" {
				headers = []string{"Origin", c.origin}
			}
			got := s.post("/subscribe", foreign("nadia@example.org"), headers...)
			if got.StatusCode != c.status {
				t.Errorf("status %d", got.StatusCode)
			}
			if n := s.count("SELECT count(*) FROM signup"); n != c.signups {
				t.Errorf("%d sign-ups", n)
			}
			if n := s.count("SELECT count(*) FROM signup WHERE attested"); n != c.attested {
				t.Errorf("%d attested", n)
			}
		})
	}
}

func TestOwnPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	shown := s.get("/n/watch?lang=en&article=" + url.QueryEscape(article))
	field := shown.doc.Find("input[type=email]")
	for attr, want := range map[string]string{
		"autocomplete": "email", "inputmode": "email", "spellcheck": "false", "maxlength": "254", "aria-describedby": "what",
	} {
		if got := field.AttrOr(attr, ""); got != want {
			t.Errorf("%s is %q", attr, got)
		}
	}
	if shown.doc.Find("label[for=email]").Length() != 1 || shown.doc.Find("[checked]").Length() != 0 {
		t.Error("no label, or a ticked box")
	}
	form := fill(shown.doc, "form")
	form.Set("email", "nadia@example.org")

	fast := s.post("/subscribe", form, "Origin", baseURL)
	if s.count("SELECT count(*) FROM signup") != 0 || fast.doc.Find("input[type=email]").AttrOr("value", "") != "nadia@example.org" {
		t.Error("a form filled within two seconds was taken, or the address was lost")
	}
	s.clock.Advance(25 * time.Hour)
	old := s.post("/subscribe", form, "Origin", baseURL)
	if want := "The page was open too long. Press Subscribe again: your address is still here"; !strings.Contains(old.text(".error"), want) {
		t.Errorf("old form: %q", old.text(".error"))
	}
	again := fill(old.doc, "form")
	s.clock.Advance(5 * time.Second)
	if got := s.post("/subscribe", again, "Origin", baseURL); got.text("h1") != "One step left" {
		t.Errorf("second press: %d %q", got.StatusCode, got.text("main"))
	}
	if s.count("SELECT count(*) FROM signup WHERE attested AND article_url <> ''") != 1 {
		t.Error("not attested, or the article was lost")
	}
	// The proof of consent holds what stood on the page, word for word.
	var words string
	if err := s.pool.QueryRow(t.Context(), "SELECT wording FROM signup").Scan(&words); err != nil || !strings.Contains(words, "leave with one click") {
		t.Errorf("wording %q, %v", words, err)
	}
	for line := range strings.Lines(words) {
		if !strings.Contains(shown.text("main"), strings.TrimSpace(line)) {
			t.Errorf("%q is kept as the wording and was not shown", line)
		}
	}
}

func TestErrorsStandBesideTheField(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *server.Deps) {
		d.MailServer = func(_ context.Context, domain string) bool { return domain != "exmaple.com" }
	})
	cases := []struct{ lang, email, want string }{
		{"en", " ", "Enter your email address"},
		{"uk", "", "Вкажіть адресу електронної пошти"},
		{"en", "nadia@", "Enter an email address in the correct format, like name@example.com"},
		{"uk", "<script>@", "Вкажіть адресу у форматі name@example.com"},
		{"en", "nadia@exmaple.com", `We can't find a mail server for "exmaple.com". Check the part after @`},
		{"en", "nadia@example.invalid", `We can't find a mail server for "example.invalid". Check the part after @`},
		{"uk", "nadia@mail.localhost", "Не знаходимо поштового сервера «mail.localhost». Перевірте частину після @"},
		{"en", "nadia@localhost", "Enter an email address in the correct format, like name@example.com"},
		{"uk", "nadia@exmaple.com", "Не знаходимо поштового сервера «exmaple.com». Перевірте частину після @"},
	}
	for _, c := range cases {
		form := foreign(c.email)
		form.Set("lang", c.lang)
		got := s.post("/subscribe", form, "Origin", siteOrigin)
		field := got.doc.Find("input[type=email]")
		if got.StatusCode != http.StatusUnprocessableEntity || !strings.HasSuffix(got.text("#email-error"), c.want) || !got.errs() {
			t.Errorf("%s %q: %d %q", c.lang, c.email, got.StatusCode, got.text("#email-error"))
		}
		_, focused := field.Attr("autofocus")
		if field.AttrOr("value", "?") != c.email || field.AttrOr("aria-invalid", "") != "true" || !focused ||
			!strings.Contains(field.AttrOr("aria-describedby", ""), "email-error") {
			t.Errorf("%s %q: field %v", c.lang, c.email, field.Nodes[0].Attr)
		}
		if got.doc.Find("html").AttrOr("lang", "") != c.lang {
			t.Errorf("page is not in %s", c.lang)
		}
	}
}

// While the database is away nothing typed is lost: the same form stands there
// again, and works once the database is back.
func TestDatabaseAwayKeepsTheAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.pool.Close()
	form := foreign("Nadia@Example.org")
	form.Set("lang", "uk")
	got := s.post("/subscribe", form, "Origin", siteOrigin)
	if got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got.text("#email-error"), "Нічого не надіслано") {
		t.Errorf("%d %q", got.StatusCode, got.text("main"))
	}
	again := fill(got.doc, "form.act")
	for _, name := range []string{"email", "newsletter", "lang", "article"} {
		if again.Get(name) != form.Get(name) {
			t.Errorf("%s is %q, was %q", name, again.Get(name), form.Get(name))
		}
	}
}

func TestTypoIsSuggestedOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	hint := s.post("/subscribe", foreign("nadia@gmial.com"), "Origin", siteOrigin)
	enter := hint.doc.Find("main form button").First().AttrOr("name", "") // what it presses: not the suggestion
	if !strings.Contains(hint.text("main"), "Did you mean nadia@gmail.com?") || s.asked() != 0 || enter != "" {
		t.Fatalf("%q", hint.text("main"))
	}
	s.clock.Advance(3 * time.Second)
	kept := fill(hint.doc, "form")
	if got := s.post("/subscribe", kept, "Origin", baseURL); got.text("h1") != "One step left" {
		t.Errorf("the address as typed: %q", got.text("main"))
	}
	kept.Set("suggested", hint.doc.Find("button[name=suggested]").AttrOr("value", ""))
	if got := s.post("/subscribe", kept, "Origin", baseURL); got.text("h1") != "One step left" {
		t.Errorf("the suggestion: %q", got.text("main"))
	}
	if s.count("SELECT count(*) FROM signup WHERE address IN ('nadia@gmail.com', 'nadia@gmial.com')") != 2 {
		t.Error("the two addresses were not taken as pressed")
	}
}

var handle = regexp.MustCompile(`name="handle" value="[^"]+"`)

// TestAnswerTellsNothing compares whole answers for addresses of every state.
func TestAnswerTellsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.subscribed("active@example.org")
	s.subscribed("acxxve@example.org")
	if _, err := s.pool.Exec(t.Context(), "UPDATE subscription SET state = 'ended', ended_at = now(), end_source = 'page'"); err != nil {
		t.Fatal(err)
	}
	s.subscribed("acyyve@example.org")
	s.post("/subscribe", foreign("aczzve@example.org"), "Origin", siteOrigin)
	trap := foreign("acttve@example.org")
	trap.Set("website", "https://spam.example")

	dump := func(form url.Values) string {
		got := s.post("/subscribe", form, "Origin", siteOrigin)
		var b strings.Builder
		_ = got.Header.Write(&b)
		body := handle.ReplaceAllStringFunc(got.body, func(m string) string { return "handle of " + string(rune('0'+len(m)/10)) })
		return b.String() + strings.ReplaceAll(body, form.Get("email"), "ADDRESS")
	}
	want := dump(foreign("acnnve@example.org")) // never seen
	for _, email := range []string{"acxxve@example.org", "acyyve@example.org", "aczzve@example.org", "active@example.org"} {
		if got := dump(foreign(email)); got != want {
			t.Errorf("%s is answered otherwise:\n%s\n---\n%s", email, got, want)
		}
	}
	before := s.asked()
	if got := dump(trap); got != want {
		t.Errorf("the trap is answered otherwise:\n%s\n---\n%s", got, want)
	}
	caught := fill(s.post("/subscribe", trap, "Origin", siteOrigin).doc, "form[action='/subscribe/code']")
	caught.Set("code", "123456")
	if got := s.post("/subscribe/code", caught, "Origin", baseURL); !strings.HasSuffix(got.text("#code-error"), "Check them and try again") {
		t.Errorf("a code on the trap's page: %q", got.text("#code-error"))
	}
	if s.asked() != before {
		t.Error("what fell into the trap was recorded")
	}
}

func TestSendAgainAndCode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	sent := s.post("/subscribe", foreign("nadia@example.org"), "Origin", siteOrigin)
	form := fill(sent.doc, "form[action='/subscribe/again']")
	if got := s.post("/subscribe/again", form, "Origin", baseURL); !strings.Contains(got.text("[role=status]"), "A minute has not passed") {
		t.Errorf("too early: %q", got.text("main"))
	}
	s.clock.Advance(61 * time.Second)
	again := s.post("/subscribe/again", form, "Origin", baseURL)
	if !strings.Contains(again.text("[role=status]"), "is being sent again") || s.asked() != 2 {
		t.Errorf("after a minute: %q, %d mails", again.text("main"), s.asked())
	}
	if got := s.post("/subscribe/again", form, "Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site"); got.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %d", got.StatusCode)
	}
	code := fill(again.doc, "form[action='/subscribe/code']")
	code.Set("code", "000000x")
	if got := s.post("/subscribe/code", code, "Origin", baseURL); got.StatusCode != 422 || !got.errs() || got.doc.Find("#code").AttrOr("aria-invalid", "") != "true" {
		t.Errorf("wrong code: %d %q", got.StatusCode, got.text("main"))
	}
	code.Set("code", s.code(1))
	done := s.press("/subscribe/code", code, "Origin", baseURL)
	if done.text("h1") != "Thank you for subscribing!" || s.count("SELECT count(*) FROM subscription WHERE state = 'active'") != 1 {
		t.Errorf("right code: %d %q", done.StatusCode, done.text("main"))
	}
}

func TestManyFromOneNetworkAreAskedOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var last answer
	for range 25 {
		last = s.post("/subscribe", foreign("nadia@example.org"), "Origin", siteOrigin)
	}
	if last.StatusCode != http.StatusTooManyRequests || last.Header.Get("Retry-After") == "" {
		t.Fatalf("%d, Retry-After %q", last.StatusCode, last.Header.Get("Retry-After"))
	}
	form := fill(last.doc, "form")
	if form.Get("email") != "nadia@example.org" {
		t.Errorf("the address is not filled in: %v", form)
	}
	s.clock.Advance(3 * time.Second)
	if got := s.post("/subscribe", form, "Origin", baseURL); got.text("h1") != "One step left" {
		t.Errorf("the press of our own button: %d %q", got.StatusCode, got.text("main"))
	}
}

// Behind a proxy that nobody named all readers come from one address: none of
// them is limited by it.
func TestUntrustedProxyCountsNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i := range 70 {
		form := foreign(fmt.Sprintf("reader%d@example.org", i))
		r := with(httptest.NewRequest(http.MethodPost, "/subscribe", strings.NewReader(form.Encode())),
			[]string{"Origin", siteOrigin, "Content-Type", "application/x-www-form-urlencoded", "X-Forwarded-For", "203.0.113.9"})
		r.Host, r.RemoteAddr = "mail.example.org", "127.0.0.1:4242"
		if got := s.do(r); got.StatusCode != http.StatusOK || got.text("h1") != "One step left" {
			t.Fatalf("request %d: %d %q", i, got.StatusCode, got.text("h1"))
		}
	}
}

func TestReturnAddressOnlyOnListedSites(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, bad := range []string{
		"https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", "https://news.example.org@elsewhere.example/",
		"https://news.example.org\\@elsewhere.example/", "http://news.example.org/", "https://news.example.org.elsewhere.example/",
	} {
		form := foreign("nadia@example.org")
		form.Set("article", bad)
		got := s.post("/subscribe", form, "Origin", siteOrigin)
		if strings.Contains(got.body, "elsewhere") || strings.Contains(got.body, "javascript:") {
			t.Errorf("%s is on the page", bad)
		}
	}
}

func TestFirstOfADoubledFieldCounts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	form := foreign("nadia@example.org")
	form.Add("email", "other@example.org")
	s.post("/subscribe?email=third@example.org", form, "Origin", siteOrigin)
	if s.count("SELECT count(*) FROM signup WHERE address = 'nadia@example.org'") != 1 || s.count("SELECT count(*) FROM signup") != 1 {
		t.Error("another address than the first was taken")
	}
}

func TestBodyIsBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	form := foreign("nadia@example.org")
	form.Set("article", strings.Repeat("a", 300<<10))
	if got := s.post("/subscribe", form, "Origin", siteOrigin); got.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(got.text("main"), "256 KB at most") {
		t.Errorf("%d %q", got.StatusCode, got.text("main"))
	}
}

func TestAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	call := func(body string, headers ...string) answer {
		r := httptest.NewRequest(http.MethodPost, "/api/v1/subscriptions", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		return s.do(with(r, headers))
	}
	cases := []struct {
		body, origin string
		status       int
		want         string
	}{
		{`{"email":"nadia@example.org","newsletter":"watch","extra":1}`, siteOrigin, 202, `"status":"confirmation-sent"`},
		{`{"email":"nadia","newsletter":"watch","lang":"uk"}`, siteOrigin, 422, "Вкажіть адресу у форматі"},
		{`{"email":"nadia@gmial.com","newsletter":"watch"}`, siteOrigin, 422, `"suggestion":"nadia@gmail.com"`},
		{`{"email":"nadia@gmial.com","kept":"nadia@gmial.com","newsletter":"watch"}`, "", 202, `"handle"`},
		{`{"email":"nadia@example.org","newsletter":"watch"}`, "https://elsewhere.example", 403, `"status":403`},
		{`{"email":"nadia@example.org","newsletter":"nothing"}`, siteOrigin, 404, `"type":"/problems/no_newsletter"`},
		{`{"email":`, siteOrigin, 400, "bad_request"},
		{`{} {}`, siteOrigin, 400, "bad_request"},
	}
	for _, c := range cases {
		got := call(c.body, "Origin", c.origin)
		if got.StatusCode != c.status || !strings.Contains(got.body, c.want) {
			t.Errorf("%s: %d %s", c.body, got.StatusCode, got.body)
		}
		if kind := got.Header.Get("Content-Type"); c.status != 202 && kind != "application/problem+json" {
			t.Errorf("%s: %s", c.body, kind)
		}
	}
	if got := call(`{}`, "Content-Type", "text/plain"); got.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("text/plain: %d", got.StatusCode)
	}
}

// A crowd's forms go by a newsletter that was read a moment ago; one that is
// archived meanwhile takes none all the same.
func TestFormOfANewsletterThatWasJustArchived(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *server.Deps) { d.NewsletterMaxAge = time.Hour })
	if got := s.post("/subscribe", foreign("nadia@example.org"), "Origin", siteOrigin); got.StatusCode != http.StatusOK {
		t.Fatal(got.StatusCode)
	}
	s.exec(`UPDATE newsletter SET name = 'Another', archived_at = now()`)
	got := s.post("/subscribe", foreign("olena@example.org"), "Origin", siteOrigin)
	if got.StatusCode != http.StatusGone || got.text("h1") != "This newsletter has ended" {
		t.Errorf("%d %q", got.StatusCode, got.text("h1"))
	}
	if n := s.count("SELECT count(*) FROM signup"); n != 1 {
		t.Errorf("%d sign-ups", n)
	}
}
