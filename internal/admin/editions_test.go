package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"vistka/internal/account"
)

// Wherever editions are listed they are named by what they carry, as the mail's
// subject does, and languages in the words of whoever looks.
func TestEditionsAreNamedByTheirArticles(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n, _, reader, id := s.seeded()
	s.exec(`UPDATE article SET title = 'The <older> story', seq = 1, released_at = now(), state = 'released'`)
	s.exec(`WITH story AS (INSERT INTO story DEFAULT VALUES RETURNING id)
		INSERT INTO article (newsletter_id, story_id, url, title, first_seen_at, updated_at, state, reason, seq, released_at)
		SELECT $1, id, 'https://news.example.org/2', 'The newer story', now(), now(), 'released', '{"key": "reason.words"}', 2, now() FROM story`, n.ID)
	s.exec(`UPDATE edition SET article_ids = ARRAY(SELECT id FROM article ORDER BY seq)`)
	s.account(account.Viewer)
	b := s.as(account.Viewer)
	pages := map[string]string{
		"/admin/": "#h-editions ~ .scroll tbody", "/admin/editions": "tbody", fmt.Sprintf("/admin/editions/%d", id): "h1",
		"/admin/sending": "tbody", "/admin/deliveries": "tbody tr:first-child", fmt.Sprintf("/admin/subscribers/%d", reader): "main",
	}
	for path, where := range pages {
		if got := b.get(path).text(where); !strings.Contains(got, "The newer story and 1 more") {
			t.Errorf("%s names the edition %q", path, got)
		}
	}
	s.exec(`UPDATE article SET withdrawn_at = now(), state = 'withdrawn' WHERE seq = 2`)
	if got := b.get("/admin/editions").text("tbody th"); !strings.HasPrefix(got, "The <older> story and 1 more") {
		t.Errorf("with the newest withdrawn it is named %q", got)
	}
	// What was put off and is overdue is not tried in the past, and not at all while paused.
	s.exec(`UPDATE delivery SET state = 'deferred', due_at = now() - interval '1 hour', settled_at = NULL WHERE state = 'queued'`)
	path := fmt.Sprintf("/admin/editions/%d", id)
	if got := b.get(path).text("#live"); !strings.Contains(got, "is tried again in a moment") {
		t.Errorf("the next try: %q", got)
	}
	s.exec(`UPDATE edition SET state = 'paused'`)
	if got := b.get(path).text("#live"); strings.Contains(got, "tried again") {
		t.Errorf("the next try while paused: %q", got)
	}
	if got := b.get("/admin/").text(".troubles"); !strings.Contains(got, "“The <older> story and 1 more” is paused") {
		t.Errorf("Home: %q", got)
	}
	b.post("/admin/language", url.Values{"code": {"uk"}, "next": {"/admin/"}})
	if got := b.get("/admin/editions").text("tbody tr"); !strings.Contains(got, "англійська") {
		t.Errorf("a Ukrainian page names its language so: %q", got)
	}
}

// A reader who has an article and its correction has two mails of one title.
func TestMailsSayWhatTheyAre(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, _, reader, id := s.seeded()
	s.account(account.Owner)
	b := s.as(account.Owner)
	s.exec("UPDATE edition SET kind = 'correction', note = 'It was 80 metres.'")
	if got := b.get(fmt.Sprintf("/admin/subscribers/%d", reader)).text("tbody th .soft"); !strings.HasPrefix(got, "Correction, ") {
		t.Errorf("the reader's mail is %q", got)
	}
	if got := b.get(fmt.Sprintf("/admin/editions/%d", id)).text(".terms"); !strings.Contains(got, "KindCorrection") {
		t.Errorf("the edition: %q", got)
	}
}

// Nobody is promised a correction that was taken back, as the articles of another
// edition are.
func TestCancelledEditionSaysWhatIsOwed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, id, _, first := s.seeded()
	s.exec(`UPDATE newsletter SET last_seq = 1`)
	s.exec(`UPDATE article SET state = 'released', seq = 1, released_at = now() - interval '1 hour', updated_at = now()`)
	s.exec(`UPDATE subscription SET seen_seq = 1`)
	s.account(account.Editor)
	b := s.as(account.Editor)
	page := func(id int) string { return fmt.Sprintf("/admin/editions/%d", id) }
	act := func(path string, form url.Values) string {
		t.Helper()
		if got := b.post(path, form); got.status != http.StatusSeeOther {
			t.Fatalf("%s %v: %d", path, form, got.status)
		}
		return b.get(path).text("main")
	}
	const owed, comes, never = "Mailed after all on", "readers get those articles a day later", "its readers will not get this correction"
	if got := b.get(page(int(first))).text("main"); !strings.Contains(got, comes) || strings.Contains(got, never) {
		t.Errorf("an edition: %s", got)
	}
	if got := act(page(int(first)), url.Values{"act": {"cancel"}}); !strings.Contains(got, owed) {
		t.Errorf("cancelled: %s", got)
	}
	s.exec(`INSERT INTO edition_body (edition_id, key_id, composed_at, from_address, base_url, segments) VALUES ($1, 'k', now() - interval '1 minute', 'a', 'b', '')`, first)
	correct := func(nth string) string {
		t.Helper()
		act(fmt.Sprintf("/admin/articles/%d", id), url.Values{"act": {"correct"}, "nth": {nth}, "note": {"It was 80 metres."}})
		return page(s.count(`SELECT max(id) FROM edition WHERE kind = 'correction'`))
	}
	path := correct("0")
	if got := b.get(path).text("main"); !strings.Contains(got, never) || strings.Contains(got, comes) {
		t.Errorf("a correction: %s", got)
	}
	if got := act(path, url.Values{"act": {"cancel"}}); strings.Contains(got, owed) || !strings.Contains(got, "Cancelled.") {
		t.Errorf("a cancelled correction: %s", got)
	}

	path = correct("1")
	act(path, url.Values{"act": {"pause"}})
	s.exec(`UPDATE edition SET slot = slot - interval '3 months', created_at = created_at - interval '3 months' WHERE state = 'paused'`)
	if got := act(path, url.Values{"act": {"resume"}}); !strings.Contains(got, "too old to go out: nobody else gets this correction") ||
		!strings.Contains(got, "taken back: nobody else gets this correction") || strings.Contains(got, owed) || strings.Contains(got, "next edition") {
		t.Errorf("an expired correction: %s", got)
	}
}
