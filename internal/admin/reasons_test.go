package admin

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"vistka/internal/account"
)

// Why something was decided, and what is wrong with a feed, is said in the
// language of whoever reads it; only a person's own words stay as they are.
func TestReasonsAreInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, articleID, _, editionID := s.seeded()
	s.account(account.Editor)
	b := s.as(account.Editor)
	b.post("/admin/language", url.Values{"code": {"uk"}, "next": {"/admin/"}})
	page := fmt.Sprintf("/admin/articles/%d", articleID)
	for _, path := range []string{page, "/admin/articles"} {
		if got := b.get(path).text("main"); !strings.Contains(got, "Була у стрічці, коли її додали") || strings.Contains(got, "It was in the feed") {
			t.Errorf("%s: %s", path, got)
		}
	}
	b.post(page, url.Values{"act": {"never"}})
	b.post(page, url.Values{"act": {"release"}, "reason": {"Late, but worth it"}})
	if got := b.get(page).text(".timeline"); !strings.Contains(got, "Редактор вирішив не надсилати її.") || !strings.Contains(got, "Late, but worth it") {
		t.Errorf("timeline: %s", got)
	}
	if got := b.get("/admin/feeds/check?newsletter=1&url=https://news.example.org/feed/").text("main"); !strings.Contains(got, "Вже відома.") || strings.Contains(got, "Already known") {
		t.Errorf("feed check: %s", got)
	}
	s.exec(`UPDATE feed SET problem = '{"key": "feed.problem.fault", "n": 502}'`)
	for _, path := range []string{"/admin/", "/admin/feeds"} {
		if got := b.get(path).text("main"); !strings.Contains(got, "На сайті несправність (502).") {
			t.Errorf("%s: %s", path, got)
		}
	}
	edition := fmt.Sprintf("/admin/editions/%d", editionID)
	b.post(edition, url.Values{"act": {"pause"}})
	if got := b.get(edition).text("main"); !strings.Contains(got, "The editor, на сторінках адміністрування.") {
		t.Errorf("edition: %s", got)
	}
}
