package admin

import (
	"fmt"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"vistka/internal/account"
)

// An edition's page says how far it is, how fast it goes and what holds it up;
// the part that a script asks for again is the same, without the layout, and
// leaves words for the next page alone.
func TestProgress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, _, _, id := s.seeded()
	s.account(account.Editor)
	b := s.as(account.Editor)
	path := fmt.Sprintf("/admin/editions/%d", id)
	s.exec(`INSERT INTO relay (name, lease_until) VALUES ('a relay', now() + interval '1 hour')`)
	s.exec(`UPDATE delivery SET settled_at = now() - interval '30 seconds' WHERE settled_at IS NOT NULL`)

	got := b.get(path)
	var pace int // 40 in half a minute, and a little for the time that this takes
	_, err := fmt.Sscanf(got.text("#live p.num"), "%d mails a minute. Less than a minute is left.", &pace)
	if err != nil || pace < 60 || pace > 82 {
		t.Errorf("pace: %q", got.text("#live p.num"))
	}
	var width int
	got.Find("#live rect").Each(func(_ int, r *goquery.Selection) {
		var n int
		_, _ = fmt.Sscan(r.AttrOr("width", ""), &n)
		width += n
	})
	if width != gauge || got.Find("#live rect.sent").AttrOr("width", "") != "500" {
		t.Errorf("the parts of the bar add up to %d: %s", width, got.text("#live"))
	}
	if got.Find("#live .notice").Length() != 0 {
		t.Errorf("held up by %s", got.text("#live .notice"))
	}

	s.exec(`UPDATE relay SET state = 'down', problem = '421 4.3.2 not now'`)
	s.exec(`INSERT INTO attempt (month, edition_id, subscriber_id, n, at, stage, code, text)
		SELECT month, edition_id, subscriber_id, 1, now(), 'RCPT', 421, '421 4.7.28 unusual rate' FROM delivery WHERE state = 'queued' LIMIT 1`)
	from := got.Find("#live").AttrOr("data-live", "")
	part := b.get(from)
	for _, want := range []string{"The relay a relay takes no mail", "421 4.3.2 not now", "asked for less mail: 10 mails to it wait and go on in 10 minutes"} {
		if !strings.Contains(part.text("#live"), want) {
			t.Errorf("%q is not said: %s", want, part.text("#live"))
		}
	}
	if part.Find("header, h1, form").Length() != 0 {
		t.Error("the part comes with the layout")
	}
	s.exec(`UPDATE relay SET lease_until = now()`)
	if w := b.get(from).text("#live .notice"); !strings.Contains(w, "Nobody is sending") {
		t.Errorf("held up by %q", w)
	}

	s.exec(`UPDATE sending SET state = 'stopped'`)
	if w := b.get(from).text("#live .notice"); !strings.HasPrefix(w, "All sending is stopped.") {
		t.Errorf("held up by %q", w)
	}
	s.exec(`UPDATE sending SET state = 'on'`)

	b.post(path, map[string][]string{"act": {"pause"}})
	if got := b.get(from); got.Find("#live").AttrOr("data-state", "") != "paused" || !strings.Contains(got.text("#live"), "until it is resumed") {
		t.Errorf("paused: %s", got.text("#live"))
	}
	if got := b.get(path); got.Find(".notice.good").Length() != 1 {
		t.Error("the script's request took the words meant for the page")
	}
	s.exec(`UPDATE delivery SET state = 'sent' WHERE edition_id = $1`, id)
	s.exec(`UPDATE edition SET state = 'settled', reason = NULL`)
	if got := b.get(path); got.Find("[data-live], script").Length() != 0 {
		t.Error("what is done is asked for again")
	}
}

// An edition that stopped by itself says why, on its page and on Home, and can
// be resumed; one that became too old meanwhile says what became of it.
func TestWhyAnEditionStopped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, _, _, id := s.seeded()
	s.account(account.Editor)
	b := s.as(account.Editor)
	path := fmt.Sprintf("/admin/editions/%d", id)
	const why = "12 of 40 answers refuse the sender or the content. The last one said: 550 5.7.26 unauthenticated"
	s.exec(`UPDATE edition SET state = 'paused', reason = '{"key": "edition.reason.policy", "n": 12, "of": 40, "name": "550 5.7.26 unauthenticated"}'`)
	if got := b.get(path); !strings.Contains(got.text("#live"), why) || got.Find("button[value=resume]").Length() != 1 {
		t.Errorf("the page: %s", got.text("main"))
	}
	if got := b.get("/admin/"); !strings.Contains(got.text(".troubles"), why) {
		t.Errorf("Home: %s", got.text(".troubles"))
	}
	s.exec(`UPDATE edition SET slot = slot - interval '4 days', created_at = created_at - interval '4 days'`)
	b.post(path, map[string][]string{"act": {"resume"}})
	got := b.get(path)
	if got.Find("#live .state.expired").Length() != 1 || !strings.Contains(got.text(".notice.good"), "too old") || !strings.Contains(got.text("#live"), "next edition") {
		t.Errorf("resumed too late: %s", got.text("main"))
	}
	s.exec(`DELETE FROM delivery WHERE state = 'in doubt'`)
	s.exec(`INSERT INTO edition_total SELECT edition_id, state, count(*) FROM delivery GROUP BY 1, 2`)
	s.exec(`DELETE FROM delivery`)
	s.exec(`UPDATE edition SET dropped_at = now()`)
	got = b.get(path)
	if !strings.Contains(got.text("#live"), "Sent30Failed10") || !strings.Contains(got.text("main"), "Only these totals are kept") || got.Find("button[value=retry]").Length() != 0 {
		t.Errorf("an old edition: %s", got.text("main"))
	}
}
