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
	if w := got.text("#live p.num"); w != "80 mails a minute. Less than a minute is left." {
		t.Errorf("pace: %q", w)
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
	for _, want := range []string{"The relay a relay takes no mail", "421 4.3.2 not now", "asked for less mail: 10 mails to it wait and go on in 9 minutes"} {
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

	b.post(path, map[string][]string{"act": {"pause"}})
	if got := b.get(from); got.Find("#live").AttrOr("data-state", "") != "paused" || !strings.Contains(got.text("#live"), "until it is resumed") {
		t.Errorf("paused: %s", got.text("#live"))
	}
	if got := b.get(path); got.Find(".notice.good").Length() != 1 {
		t.Error("the script's request took the words meant for the page")
	}
	s.exec(`UPDATE delivery SET state = 'sent' WHERE edition_id = $1`, id)
	s.exec(`UPDATE edition SET state = 'settled', reason = ''`)
	if got := b.get(path); got.Find("[data-live], script").Length() != 0 {
		t.Error("what is done is asked for again")
	}
}
