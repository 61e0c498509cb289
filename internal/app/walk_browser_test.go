package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// emptyArea is how many pixels of a box under or beside an article lie below its words.
const emptyArea = `Math.max(...[...document.querySelectorAll(".signup, .hotline")].map(box => {
	const words = document.createRange();
	words.selectNodeContents(box);
	return box.getBoundingClientRect().bottom - words.getBoundingClientRect().bottom;
}))`

// stepSizes are those of the consent and the label in the step that is left, and how
// far its ring stands off the words that have the focus.
const stepSizes = `["form p", "label", "[role=status]"].map((part, i) => {
	const style = getComputedStyle(document.querySelector(".vistka-sent " + part));
	return parseFloat(i < 2 ? style.fontSize : style.outlineOffset);
})`

// TestBrowserWalk is the demo as a newcomer walks it: read, sign up, open the
// inbox, confirm, publish, get the article, leave. Once with scripts and in
// English, once without and in Ukrainian.
func TestBrowserWalk(t *testing.T) {
	for _, c := range []struct {
		lang, address string
		scripts       bool
	}{
		{"en", "newcomer@example.com", true},
		{"uk", "chytach@example.com", false},
	} {
		t.Run(c.lang, func(t *testing.T) {
			t.Parallel()
			b := newBrowser(t)
			s := newStage(t, onItsOwn)
			if !c.scripts {
				b.withoutScripts()
			}
			look := func(name string) {
				if c.scripts { // axe is a script itself
					b.look(c.lang + "-" + name)
				}
			}

			b.open(s.ready.SiteURL + c.lang + "/")
			look("1-site")
			b.follow(".river .lead h2 a")
			look("2-article")
			b.fill("#email", c.address)
			if c.scripts { // the reader stays under the article
				if got := run(b, chromedp.Evaluate[float64](emptyArea)); got > 32 {
					t.Errorf("a box is %v px higher than its words", got)
				}
				b.press(kb.Enter)
				b.await(`document.querySelector(".vistka-sent")`)
				if got := run(b, chromedp.Evaluate[[]float64](stepSizes)); got[0] >= got[1] || got[2] < 8 {
					t.Errorf("consent of %v px below a label of %v; ring %v px off its text", got[0], got[1], got[2])
				}
			} else {
				b.follow(".signup button")
				b.follow("header nav button") // the same step, in the other language
				if got := b.text("h1"); got != "One step left" {
					t.Errorf("the step in English: %q", got)
				}
				b.follow("header nav button")
			}
			look("3-one-step-left")
			// Where it was typed it stands as it was typed; a page of ours tells it to nobody.
			if page := b.text("main"); strings.Contains(page, c.address) != c.scripts {
				t.Errorf("how the page tells the address:\n%s", page)
			}

			confirmation := s.mail(1)
			b.open(s.ready.InboxURL + "1?lang=" + c.lang)
			look("4-inbox-mail")
			b.open(s.link(confirmation, "/confirm/"))
			look("5-confirm")
			if c.scripts {
				askedOnceMore(b)
				look("5-confirm-again")
			}
			s.waitOutScannerGuard()
			b.follow("main form button")
			look("6-confirmed")
			if got := s.subscribers(); got != 1 {
				t.Fatalf("%d subscribers after confirming, want 1", got)
			}
			s.mail(2) // the welcome

			b.open(s.ready.SiteURL + c.lang + "/")
			b.follow(".backstage button")
			title := b.text("h1")
			article := s.mail(3)
			if !strings.Contains(decodeSubject(t, article), title) {
				t.Errorf("subject %q does not hold the title %q", decodeSubject(t, article), title)
			}
			b.open(s.ready.InboxURL + "3?lang=" + c.lang)
			look("7-inbox-article")
			b.open(s.ready.InboxURL + "?lang=" + c.lang)
			look("8-inbox")

			b.open(s.link(article, "/preferences/"))
			look("9-preferences")
			b.open(s.link(article, "/unsubscribe/"))
			look("10-leave")
			s.waitOutScannerGuard()
			b.follow("main form button")
			look("11-left")
			if got := s.subscribers(); got != 0 {
				t.Errorf("%d subscribers after leaving, want 0", got)
			}
		})
	}
}

// askedOnceMore has a script submit the form, as some mail scanners do: nothing
// happens, and a person finds the button focused.
func askedOnceMore(b *browser) {
	b.t.Helper()
	run(b, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.Evaluate[chromedp.Void](`document.querySelector("main form").submit()`)))
	if got := b.text("[role=alert]"); !strings.Contains(got, "Press once more") {
		b.t.Errorf("a script's press is answered with %q", b.text("main"))
	}
	if got := run(b, chromedp.Evaluate[string](`document.activeElement.textContent`)); got != "Confirm" {
		b.t.Errorf("focused: %q", got)
	}
}

// TestBrowserAdmin makes the first account and looks at every admin page, with
// something to see on each.
func TestBrowserAdmin(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	s := newStage(t)
	b.open(s.ready.SetupURL + "&lang=en")
	b.look("admin-setup")
	b.fill("input[name=name]", "Duty editor")
	b.fill("input[name=address]", "desk@example.com")
	b.fill("input[name=password]", "correct horse battery staple")
	b.follow("main form button")
	if got := b.text("h1"); got == "" || b.text("nav") == "" {
		t.Fatalf("not let in: %q", b.text("main"))
	}

	n := s.id(`SELECT id FROM newsletter WHERE slug = 'checked-en'`)
	if err := s.app.Subscribers.Seed(t.Context(), n, 60, nil); err != nil {
		t.Fatal(err)
	}
	b.open(s.ready.SiteURL + "en/")
	b.follow(".backstage button")
	s.mail(60)
	edition := s.id(`SELECT max(id) FROM edition`)
	article := s.id(`SELECT article_ids[1] FROM edition WHERE id = $1`, edition)
	feed := s.id(`SELECT feed_id FROM newsletter_feed WHERE newsletter_id = $1`, n)
	reader := s.id(`SELECT max(id) FROM subscriber`)

	if _, err := s.app.Pool.Exec(t.Context(), `
INSERT INTO signup_count (day, newsletter_id, article_url, requested, confirmed)
SELECT current_date, newsletter_id, value, 40 / rank() OVER (ORDER BY article_id), 31 / rank() OVER (ORDER BY article_id)
FROM article_key
WHERE newsletter_id = $1 AND kind = 'address'
UNION ALL VALUES (current_date, $1::bigint, '', 12, 0), (current_date, $1::bigint, 'https://news.example.org/about', 9, 6)`, n); err != nil {
		t.Fatal(err)
	}

	pages := []struct{ name, path string }{
		{"home", ""},
		{"articles", "articles"},
		{"held", "articles?state=held"},
		{"article", fmt.Sprintf("articles/%d", article)},
		{"editions", "editions"},
		{"edition", fmt.Sprintf("editions/%d", edition)},
		{"doubt", "deliveries"},
		{"sending", "sending"},
		{"subscribers", "subscribers"},
		{"no-match", "subscribers?q=nobody"},
		{"subscriber", fmt.Sprintf("subscribers/%d", reader)},
		{"newsletters", "newsletters"},
		{"newsletter", fmt.Sprintf("newsletters/%d", n)},
		{"embeds", fmt.Sprintf("newsletters/%d/embeds", n)},
		{"sources", fmt.Sprintf("newsletters/%d/sources", n)},
		{"new-newsletter", "newsletters/new"},
		{"feeds", fmt.Sprintf("feeds?newsletter=%d&added=%d", n, feed)},
		{"filters", fmt.Sprintf("feeds/%d/filters?newsletter=%d", feed, n)},
		{"check", fmt.Sprintf("feeds/check?newsletter=%d&url=%sen/feed.xml", n, s.ready.SiteURL)},
		{"export", "export"},
		{"nowhere", "nowhere"},
	}
	for i, p := range pages {
		b.open(s.ready.URL + "/admin/" + p.path)
		b.look(fmt.Sprintf("admin-%02d-%s", i, p.name))
	}
	decide(b, s, n, article)
	watchTest(b, s)
	watchProgress(b, s, edition)
	underAttack(b, s, n)
	b.open(s.ready.URL + "/admin/")
	b.follow(`form[action="/admin/logout"] button`)
	b.look("admin-login")
}

// decide looks at what an article's page becomes with a lead, a translation and
// a correction, and at what is asked before a known article goes out.
func decide(b *browser, s *stage, newsletter, article int64) {
	b.t.Helper()
	b.open(fmt.Sprintf("%s/admin/articles/%d", s.ready.URL, article))
	b.follow("button[value=lead]")
	b.fill("#f-note", "We named the wrong photographer.")
	b.follow("button[value=correct]")
	b.look("admin-article-decided")
	if run(b, chromedp.Evaluate[int](`document.querySelectorAll(".notice[role=status], button[value=no_lead]").length`)) != 2 {
		b.t.Errorf("decided: %s", b.text("main"))
	}
	known := s.id(`SELECT min(a.id) FROM article a JOIN article t ON t.story_id = a.story_id AND t.id <> a.id WHERE a.newsletter_id = $1 AND a.state = 'baseline'`, newsletter)
	b.open(fmt.Sprintf("%s/admin/articles/%d", s.ready.URL, known))
	b.follow("button[value=unpair]") // the demo's feeds name the translations of what they begin with
	b.look("admin-article-pairable")
	b.follow("button[value=release]")
	b.look("admin-ask")
	if run(b, chromedp.Evaluate[int](`document.querySelectorAll("input[name=sure]").length`)) != 1 {
		b.t.Errorf("nothing is asked: %s", b.text("main"))
	}
}

// watchTest asks for a test and sees where it was asked for that it has arrived.
func watchTest(b *browser, s *stage) {
	b.t.Helper()
	newest := s.newest()
	b.open(s.ready.URL + "/admin/newsletters")
	b.follow("tbody tr:first-child form button")
	s.mail(newest + 1)
	run(b, chromedp.Evaluate[bool](`new Promise(done => {
		const sent = () => document.querySelector("[role=status] .state.sent") && done(true);
		new MutationObserver(sent).observe(document.body, {childList: true, subtree: true});
		sent();
	})`, chromedp.EvalAwaitPromise))
	b.look("admin-test")
}

// underAttack spends the budget of confirmation mails and looks at what is said
// of it.
func underAttack(b *browser, s *stage, newsletter int64) {
	b.t.Helper()
	_, err := s.app.Pool.Exec(b.t.Context(), `
		WITH spent AS (INSERT INTO signup_mail VALUES (date_trunc('minute', now()), 'attested', 'example.org', 412))
		INSERT INTO signup (newsletter_id, address, address_key, locale, wording, attested, created_at, expires_at, mail_due_at)
		SELECT $1, a, a, 'en', 'w', true, now(), now() + interval '72 hours', now()
		FROM (SELECT 'reader' || i || '@example.com' FROM generate_series(1, 3) i) AS made(a)`, newsletter)
	if err != nil {
		b.t.Fatal(err)
	}
	for s.id(`SELECT count(*) FROM signup_gate WHERE spent_since IS NOT NULL`) == 0 {
		if err := s.app.Subscribers.AnswerAll(b.t.Context()); err != nil {
			b.t.Fatal(err)
		}
	}
	b.open(s.ready.URL + "/admin/")
	b.look("admin-attack")
	b.open(s.ready.URL + "/admin/subscribers?status=pending")
	b.look("admin-attack-held")
}

// watchProgress opens an edition that is going out and sees its progress change
// by itself; when its state does, the whole page is read again.
func watchProgress(b *browser, s *stage, edition int64) {
	b.t.Helper()
	exec := func(sql string) {
		b.t.Helper()
		if _, err := s.app.Pool.Exec(b.t.Context(), sql, edition); err != nil {
			b.t.Fatal(err)
		}
	}
	exec(`UPDATE edition SET state = 'paused', reason = '{"key": "reason.words", "name": "to be looked at"}' WHERE id = $1`)
	exec(`UPDATE delivery SET state = 'queued' WHERE edition_id = $1 AND subscriber_id % 3 = 0`)
	b.open(fmt.Sprintf("%s/admin/editions/%d", s.ready.URL, edition))
	b.look("admin-progress")
	exec(`UPDATE delivery SET state = 'failed' WHERE edition_id = $1 AND state = 'queued' AND subscriber_id % 6 = 0`)
	run(b, chromedp.Evaluate[bool](`new Promise(done => new MutationObserver(() => {
		if (document.querySelector("#live rect.failed")) done(true);
	}).observe(document.querySelector("#live").parentElement, {childList: true}))`, chromedp.EvalAwaitPromise))
	run(b, chromedp.WaitEvent(page.LoadEventFired, nil, func(context.Context, *chromedp.Target) (none chromedp.Void, _ error) {
		exec(`UPDATE edition SET state = 'settled', reason = NULL WHERE id = $1`)
		return none, nil
	}))
	if got := run(b, chromedp.Evaluate[int](`document.querySelectorAll("#live .state.settled, button[value=retry]").length`)); got != 2 {
		b.t.Errorf("the page is not that of the new state: %s", b.text("main"))
	}
}
