package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"vistka/internal/account"
	articles "vistka/internal/article"
	"vistka/internal/server"
	"vistka/internal/token"
)

// The link in an editor's mail holds an article by one press of a person, and
// opening it, however often and by whatever machine, changes nothing.
func TestHoldByLink(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *server.Deps) {
		d.Articles = &articles.Service{DB: d.DB, Clock: d.Clock, Log: d.Log}
		d.Accounts = account.New(d.DB, d.Keys, nil, d.Clock, account.WithHashMemory(64))
	})
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := s.pool.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	id := func(sql string, args ...any) (id int64) {
		t.Helper()
		if err := s.pool.QueryRow(t.Context(), sql, args...).Scan(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	editor := id(`INSERT INTO account (address, address_key, name, password_hash, role, locale, created_at)
		VALUES ('e@example.org', 'e@example.org', 'An editor', '', 'editor', 'uk', now()) RETURNING id`)
	piece := id(`WITH s AS (INSERT INTO story DEFAULT VALUES RETURNING id)
		INSERT INTO article (newsletter_id, story_id, url, title, first_seen_at, updated_at, state, reason, due_at)
		SELECT $1, id, 'https://news.example.org/', 'A slip', $2, $2, 'waiting', '{"key": "article.reason.new"}', $3 FROM s RETURNING id`,
		s.n.ID, s.clock.Now(), s.clock.Now().Add(10*time.Minute))
	link := "/hold/" + s.keys.Sign(token.Hold, token.Pair(uint32(editor), uint64(piece)))
	state := func() (state string) {
		t.Helper()
		if err := s.pool.QueryRow(t.Context(), `SELECT state FROM article`).Scan(&state); err != nil {
			t.Fatal(err)
		}
		return state
	}
	form := func(a answer) url.Values {
		return url.Values{"shown": {a.doc.Find("input[name=shown]").AttrOr("value", "")}, "hand": {"seen"}}
	}
	page := s.get(link)
	if text := page.doc.Find("main").Text(); page.doc.Find("form button").Length() != 1 || !strings.Contains(text, "09:10 за UTC") || !strings.Contains(text, "вийде") {
		t.Fatalf("the page: %s", text)
	}
	s.do(with(httptest.NewRequest(http.MethodHead, link, nil), nil))
	if got := s.post(link, form(page)); state() != "waiting" || got.doc.Find("[role=alert]").Length() != 1 {
		t.Errorf("pressed within two seconds: %s", state())
	}
	s.clock.Advance(5 * time.Second)
	got := s.press(link, form(page))
	if state() != "held" || got.doc.Find("form button").Length() != 0 {
		t.Fatalf("pressed by a person: %s, %s", state(), got.doc.Find("main").Text())
	}
	if n := id(`SELECT count(*) FROM article_event e, audit_event a WHERE e.state = 'held' AND e.account_id = $1 AND a.account_id = $1 AND a.act = 'article.hold'`, editor); n != 1 {
		t.Errorf("%d records of who held it", n)
	}
	exec(`UPDATE article SET state = 'released', seq = 1, released_at = now()`)
	if got := s.press(link, form(page)); state() != "released" || got.StatusCode != http.StatusOK || got.doc.Find("form button").Length() != 0 {
		t.Errorf("pressed once it was out: %s, %d", state(), got.StatusCode)
	}
	exec(`UPDATE article SET state = 'waiting', seq = NULL, released_at = NULL, due_at = now()`)
	exec(`UPDATE account SET role = 'viewer'`)
	if got := s.post(link, form(page)); got.StatusCode != http.StatusGone || state() != "waiting" {
		t.Errorf("an account that may not decide: %d, %s", got.StatusCode, state())
	}
	other := "/hold/" + s.keys.Sign(token.Preferences, token.Pair(uint32(editor), uint64(piece)))
	if got := s.get(other); got.StatusCode != http.StatusNotFound {
		t.Errorf("a link made for something else: %d", got.StatusCode)
	}
	if got := s.get(fmt.Sprintf("/hold/%s", s.keys.Sign(token.Hold, token.Pair(uint32(editor), 999)))); got.StatusCode != http.StatusGone {
		t.Errorf("no such article: %d", got.StatusCode)
	}
}
