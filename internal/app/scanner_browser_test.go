package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"vistka/internal/newsletter"
)

// links are all addresses of ours in a mail, each once.
func (s *stage) links(mail string) []string {
	s.t.Helper()
	plain := strings.ReplaceAll(strings.ReplaceAll(mail, "=\r\n", ""), "=3D", "=")
	found := regexp.MustCompile(regexp.QuoteMeta(s.ready.URL)+`/[A-Za-z0-9_/?=&;.-]+`).FindAllString(plain, -1)
	for i, link := range found {
		found[i] = strings.ReplaceAll(link, "&amp;", "&")
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// signUp posts the plain form as a page of the example site does.
func (s *stage) signUp(address string) (mail string) {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.ready.URL+"/subscribe", strings.NewReader(url.Values{
		"newsletter": {"checked-en"}, "lang": {"en"}, "email": {address}, "article": {s.ready.SiteURL + "en/"},
	}.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", strings.TrimSuffix(s.ready.SiteURL, "/"))
	resp, err := http.DefaultClient.Do(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("sign-up of %s: %v %v", address, resp, err)
	}
	resp.Body.Close()
	return s.mailTo(address)
}

// TestBrowserScanners replays what mail scanners do with the links of two mails:
// one that asks for confirmation and one of a subscriber. Nothing may come of
// it, and the person who opens the mail afterwards needs one press.
func TestBrowserScanners(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	n, err := newsletter.BySlug(t.Context(), s.app.Pool, "checked-en")
	if err != nil {
		t.Fatal(err)
	}
	reader := newBrowser(t)

	// A reader types the code on the page of the sign-up; the mail is read elsewhere.
	reader.open(s.ready.URL + "/n/" + n.Slug + "?lang=en")
	s.waitOutScannerGuard()
	reader.fill("#email", "reader@example.com")
	reader.follow("main form button")
	reader.fill("#code", s.code(s.mailTo("reader@example.com")))
	reader.follow("form[action='/subscribe/code'] button")
	if got := reader.text("h1"); got != n.Thanks["en"] {
		t.Fatalf("the code did not do: %q", got)
	}
	s.mail(2) // the welcome
	welcome := s.get(s.ready.InboxURL + "2/source")
	pending := s.signUp("pending@example.com")

	links := append(s.links(welcome), s.links(pending)...)
	for _, part := range []string{"/confirm/", "/not-me/", "/unsubscribe/", "/preferences/"} {
		if !slices.ContainsFunc(links, func(l string) bool { return strings.Contains(l, part) }) {
			t.Fatalf("no %s among %v", part, links)
		}
	}
	state := func() string {
		t.Helper()
		var out string
		err := s.app.Pool.QueryRow(t.Context(), `
SELECT concat_ws(' ', (SELECT count(*) FROM subscription WHERE state = 'active'), (SELECT string_agg(concat_ws(',', cadence, hour, locale, paused_until), ' ') FROM subscription),
    (SELECT count(*) FROM signup WHERE confirmed_at IS NULL), (SELECT count(*) FROM suppression))`).Scan(&out)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	before := state()
	check := func(who string) {
		t.Helper()
		if after := state(); after != before {
			t.Fatalf("%s changed something: %s, before %s", who, after, before)
		}
	}

	storm(t, links)
	check("a storm of HEAD and GET")
	submitAll(t, links)
	check("a program that sends every form at once")

	scanner := newBrowser(t)
	for _, link := range links {
		scanner.open(link)
	}
	check("a browser that opens every link")
	for _, link := range links {
		for _, act := range []string{`form.requestSubmit()`, `form.querySelector("button").click()`, `form.submit()`} {
			for i := 0; ; i++ {
				scanner.open(link)
				s.waitOutScannerGuard() // it took its time, too
				forms := run(scanner, chromedp.Evaluate[int](`document.forms.length`))
				if i >= forms {
					break
				}
				run(scanner, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`{ const form = document.forms[%d]; %s }`, i, act))))
			}
		}
		check("a browser that sends every form of " + link)
	}

	reader.open(s.link(pending, "/confirm/"))
	s.waitOutScannerGuard()
	reader.follow("main form button")
	if got := reader.text("h1"); got != n.Thanks["en"] || s.subscribers() != 2 {
		t.Errorf("one press of a person: %q, %d subscribers", got, s.subscribers())
	}
	reader.open(s.link(welcome, "/unsubscribe/"))
	s.waitOutScannerGuard()
	reader.follow("main form button")
	if s.subscribers() != 1 {
		t.Error("one press of a person does not leave")
	}
}

// storm opens every link many times at once.
func storm(t *testing.T, links []string) {
	t.Helper()
	var wg sync.WaitGroup
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		for _, link := range links {
			for range 10 {
				wg.Go(func() {
					r, err := http.NewRequestWithContext(t.Context(), method, link, nil)
					if err != nil {
						t.Error(err)
						return
					}
					resp, err := http.DefaultClient.Do(r)
					if err != nil {
						t.Error(err)
						return
					}
					resp.Body.Close()
					if resp.StatusCode != http.StatusOK {
						t.Errorf("%s %s: %s", method, link, resp.Status)
					}
				})
			}
		}
	}
	wg.Wait()
}

// submitAll posts every form of every page at once, with each of its buttons.
func submitAll(t *testing.T, links []string) {
	t.Helper()
	for _, link := range links {
		resp, err := http.Get(link)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := goquery.NewDocumentFromReader(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range doc.Find("form").EachIter() {
			fields := url.Values{}
			for _, field := range form.Find("input[name], select[name]").EachIter() {
				value := field.AttrOr("value", field.Find("option[selected]").AttrOr("value", ""))
				if _, checked := field.Attr("checked"); checked || field.AttrOr("type", "") != "radio" {
					fields.Set(field.AttrOr("name", ""), value)
				}
			}
			for _, button := range form.Find("button").EachIter() {
				if name := button.AttrOr("name", ""); name != "" {
					fields.Set(name, button.AttrOr("value", ""))
				}
				target, err := resp.Request.URL.Parse(form.AttrOr("action", ""))
				if err != nil {
					t.Fatal(err)
				}
				answer, err := http.PostForm(target.String(), fields)
				if err != nil {
					t.Fatal(err)
				}
				answer.Body.Close()
			}
		}
	}
}
