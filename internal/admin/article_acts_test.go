package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"vistka/internal/account"
	"vistka/internal/newsletter"
)

// An editor tells who has the article of a mistake: once, with words, however
// often the button is pressed; and mails it to who has not got it.
func TestCorrectAndMailAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n, id, _, editionID := s.seeded()
	s.exec(`UPDATE newsletter SET last_seq = 1`)
	s.exec(`UPDATE article SET state = 'released', seq = 1, released_at = now() - interval '1 hour', updated_at = now() - interval '1 hour'`)
	s.exec(`UPDATE subscription SET seen_seq = 1`)
	s.exec(`INSERT INTO edition_body (edition_id, key_id, composed_at, from_address, base_url, segments) VALUES ($1, 'k', now() - interval '1 minute', 'a', 'b', '')`, editionID)
	s.account(account.Editor)
	b := s.as(account.Editor)
	path := fmt.Sprintf("/admin/articles/%d", id)
	warning := func() string { return b.get(path).text("form .notice.warn") }
	if got := warning(); !strings.Contains(got, "has not changed since it was last mailed") {
		t.Errorf("before the text is changed: %q", got)
	}
	s.exec(`UPDATE article SET updated_at = now()`)
	if got := warning(); got != "" {
		t.Errorf("after an edit: %q", got)
	}
	nth := b.get(path).Find("input[name=nth]").AttrOr("value", "")
	had := s.count(`SELECT count(*) FROM delivery d JOIN subscription s USING (newsletter_id, subscriber_id) WHERE d.state IN ('sent', 'in doubt') AND s.state = 'active'`)
	corrections := func() int {
		return s.count(`SELECT count(*) FROM delivery d JOIN edition e ON e.id = d.edition_id WHERE e.kind = 'correction'`)
	}
	act := func(form url.Values) string {
		t.Helper()
		if got := b.post(path, form); got.status != http.StatusSeeOther {
			t.Fatalf("%v answers %d", form, got.status)
		}
		return b.get(path).text(".notice")
	}
	long := strings.Repeat("Not so. ", 600)
	for words, status := range map[string]int{"  ": http.StatusUnprocessableEntity, long: http.StatusUnprocessableEntity} {
		got := b.post(path, url.Values{"act": {"correct"}, "nth": {nth}, "note": {words}})
		leads(t, "correction", got, "note")
		if got.status != status || !strings.Contains(got.text("#e-note"), "Nothing was mailed") || got.Find("#f-note").Text() != words || corrections() != 0 {
			t.Errorf("%d octets of words: %d, %s", len(words), got.status, got.text("#e-note"))
		}
	}
	press := url.Values{"act": {"correct"}, "nth": {nth}, "note": {"It was 80 metres, not 800."}}
	if said := act(press); !strings.Contains(said, "The correction is on its way") || corrections() != had || had == 0 {
		t.Errorf("%d corrections of %d: %s", corrections(), had, said)
	}
	if got := b.post(path, press); got.status != http.StatusConflict || !strings.Contains(got.text("#e-note"), "Nothing more was mailed") ||
		got.Find("#f-note").Text() != press.Get("note") || corrections() != had {
		t.Errorf("%d corrections after the second press: %d, %s", corrections(), got.status, got.text("#e-note"))
	}
	if got := b.get(path).text(".timeline"); !strings.Contains(got, fmt.Sprintf("went to %d readers: “It was 80 metres, not 800.”", had)) {
		t.Errorf("timeline: %s", got)
	}
	if got := b.get("/admin/editions").text("main"); !strings.Contains(got, "Correction") {
		t.Errorf("editions: %s", got)
	}
	s.exec(`DELETE FROM owed`)
	if said := act(url.Values{"act": {"again"}, "reason": {"The relay was down."}}); !strings.Contains(said, "on its way") {
		t.Errorf("mailed again: %s", said)
	}
	owed := s.count(`SELECT count(*) FROM owed WHERE newsletter_id = $1`, n.ID)
	if got := b.get(path).text(".timeline"); owed == 0 || !strings.Contains(got, fmt.Sprintf("to %d readers who had not got it. The relay was down.", owed)) {
		t.Errorf("owed to %d: %s", owed, got)
	}
	if said := act(url.Values{"act": {"again"}}); !strings.Contains(said, "Nothing to mail") {
		t.Errorf("mailed again twice: %s", said)
	}
	if n := s.count("SELECT count(*) FROM audit_event WHERE act IN ('article.correct', 'article.again')"); n != 3 {
		t.Errorf("%d audit events", n)
	}
}

// Why a correction goes to nobody is told as it is, and a second press is the first.
func TestCorrectionForNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, id, _, editionID := s.seeded()
	s.exec(`UPDATE newsletter SET last_seq = 1`)
	s.exec(`UPDATE article SET state = 'released', seq = 1, released_at = now() - interval '1 hour', updated_at = now()`)
	s.exec(`INSERT INTO edition_body (edition_id, key_id, composed_at, from_address, base_url, segments) VALUES ($1, 'k', now() - interval '1 minute', 'a', 'b', '')`, editionID)
	s.exec(`UPDATE subscription SET state = 'ended', ended_at = now()`)
	s.account(account.Editor)
	b := s.as(account.Editor)
	path := fmt.Sprintf("/admin/articles/%d", id)
	press := func(words string) string {
		t.Helper()
		if got := b.post(path, url.Values{"act": {"correct"}, "nth": {"0"}, "note": {words}}); got.status != http.StatusSeeOther {
			t.Fatalf("%s: %d", words, got.status)
		}
		return b.get(path).text(".notice")
	}
	for range 2 {
		if said := press("It was 80 metres."); !strings.Contains(said, "every reader who got the article as it was has left") {
			t.Errorf("all have left: %s", said)
		}
	}
	if n := s.count(`SELECT count(*) FROM article_event WHERE reason ->> 'key' = 'article.note.correct_nobody'`); n != 1 {
		t.Errorf("two presses are %d events", n)
	}
	if n := s.count(`SELECT count(*) FROM audit_event WHERE act = 'article.correct'`); n != 1 {
		t.Errorf("two presses are %d audit events", n)
	}
	s.exec(`UPDATE edition_body SET composed_at = now() + interval '1 minute'`)
	s.exec(`WITH e AS (INSERT INTO edition (month, newsletter_id, kind, slot, locale, article_ids, created_at)
			SELECT month, newsletter_id, 'daily', now(), locale, article_ids, now() FROM edition WHERE id = $1 RETURNING id)
		INSERT INTO edition_body (edition_id, key_id, composed_at, from_address, base_url, segments)
		SELECT id, 'k', now() - interval '1 minute', 'a', 'b', '' FROM e`, editionID)
	if said := press("It has the text of now."); !strings.Contains(said, "No reader has the article as it was") {
		t.Errorf("all have the text of now: %s", said)
	}
	s.exec(`DELETE FROM delivery`)
	if said := press("It went to nobody."); !strings.Contains(said, "no reader has got the article") {
		t.Errorf("none got it: %s", said)
	}
}

func TestPairOnTheArticlesPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n := s.newsletter("news")
	other := newsletter.New()
	other.Slug, other.Name, other.Language, other.FromName, other.FromAddress = "novyny", "Новини", "uk", "Newsroom", "news@example.org"
	other, err := newsletter.Add(t.Context(), s.db, other, "news", s.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.account(account.Editor)
	ids := map[int64]int{}
	for _, letter := range []int64{n.ID, other.ID} {
		ids[letter] = s.count(`WITH s AS (INSERT INTO story DEFAULT VALUES RETURNING id)
			INSERT INTO article (newsletter_id, story_id, url, title, first_seen_at, updated_at, state, reason)
			SELECT $1::bigint, id, 'https://news.example.org/', 'Of ' || $1, now(), now(), 'baseline', '{"key": "article.reason.baseline"}' FROM s RETURNING id`, letter)
	}
	b := s.as(account.Editor)
	path := fmt.Sprintf("/admin/articles/%d", ids[n.ID])
	option := b.get(path).Find("select[name=other] option")
	if option.Length() != 1 || option.AttrOr("value", "") != fmt.Sprint(ids[other.ID]) || !strings.Contains(option.Text(), "Новини") {
		t.Fatalf("offered: %s", option.Text())
	}
	b.post(path, url.Values{"act": {"pair"}, "other": {option.AttrOr("value", "")}})
	got := b.get(path)
	if !strings.Contains(got.text(".terms"), "TranslationOf "+fmt.Sprint(other.ID)) || got.Find("button[value=unpair]").Length() != 1 || got.Find("button[value=pair]").Length() != 0 {
		t.Errorf("paired: %s", got.text("main"))
	}
	b.post(path, url.Values{"act": {"pair"}, "other": {fmt.Sprint(ids[n.ID])}})
	if said := b.get(path).text(".notice.bad"); !strings.Contains(said, "cannot be one story") {
		t.Errorf("with itself: %s", said)
	}
	b.post(path, url.Values{"act": {"unpair"}})
	if got := b.get(path); strings.Contains(got.text(".terms"), "Translation") || got.Find("button[value=unpair]").Length() != 0 {
		t.Errorf("taken apart: %s", got.text("main"))
	}
	b.post(path, url.Values{"act": {"lead"}})
	if b.get(path).Find("button[value=no_lead]").Length() != 1 {
		t.Error("not the lead")
	}
}
