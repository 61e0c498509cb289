package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/guard"
	"vistka/internal/subscriber"
	"vistka/internal/token"
)

// rule C16: erasing takes effect on mail that is queued already, and no
// column of any table, the job queue's included, holds the address afterwards.
func TestErasureWhileMailIsQueued(t *testing.T) {
	s := newStage(t)
	s.join("en", "reader@example.com")
	s.join("en", "stays@example.com")
	turn := func(f func(tx pgx.Tx) error) {
		t.Helper()
		if err := pgx.BeginFunc(t.Context(), s.app.Pool, f); err != nil {
			t.Fatal(err)
		}
	}
	turn(func(tx pgx.Tx) error { return guard.Stop(t.Context(), tx, "a test", 0, s.app.Clock.Now()) })
	s.postForm(s.ready.SiteURL+"en/publish", nil)
	s.until("two mails wait", func() bool { return s.id(`SELECT count(*) FROM delivery WHERE state = 'queued'`) == 2 })
	reader := s.id(`SELECT id FROM subscriber WHERE address = 'reader@example.com'`)
	if err := s.app.Subscribers.EraseOwn(t.Context(), s.fresh(reader, "reader@example.com")); err != nil {
		t.Fatal(err)
	}
	s.nothingHolds("reader@example.com")
	turn(func(tx pgx.Tx) error { return guard.Start(t.Context(), tx, 0, s.app.Clock.Now()) })
	s.until("the edition is settled", func() bool { return s.id(`SELECT count(*) FROM edition WHERE state = 'settled'`) == 1 })
	if n := s.id(`SELECT count(*) FROM delivery WHERE subscriber_id = $1 AND state = 'cancelled'`, reader); n != 1 {
		t.Error("the erased reader's mail is not cancelled")
	}
	if !strings.Contains(s.mail(5), "stays@example.com") || s.newest() != 5 {
		t.Errorf("%d mails, the last not to the one who stays", s.newest())
	}
	s.nothingHolds("reader@example.com")
}

// fresh is the link that a reader of the first newsletter is mailed now.
func (s *stage) fresh(subscriberID int64, address string) string {
	s.t.Helper()
	a, err := emailaddr.Parse(address)
	if err != nil {
		s.t.Fatal(err)
	}
	n := s.id(`SELECT newsletter_id FROM subscription WHERE subscriber_id = $1`, subscriberID)
	payload := subscriber.FreshPayload(n, subscriberID, s.app.Clock.Now().Add(subscriber.FreshFor), s.app.Hasher.Sum(a.Key()))
	return s.app.Keys.Sign(token.Fresh, payload)
}

// join signs up on the form and confirms, and waits for both mails.
func (s *stage) join(lang, address string) {
	s.t.Helper()
	before := s.newest()
	s.postForm(s.ready.URL+"/subscribe", url.Values{
		"email": {address}, "newsletter": {"checked-" + lang}, "lang": {lang}, "article": {s.ready.SiteURL + lang + "/"},
	})
	s.mail(before + 1)
	id := s.id(`SELECT id FROM signup WHERE address = $1`, address)
	c, err := s.app.Subscribers.Confirm(s.t.Context(), subscriber.ConfirmToken(s.app.Keys, id, 1), subscriber.Evidence{UserAgent: "the browser of " + address})
	if err != nil || c.Outcome != subscriber.Confirmed {
		s.t.Fatalf("confirm: %+v %v", c, err)
	}
	s.mail(before + 2)
}

// postForm presses a form that stands on the example site.
func (s *stage) postForm(address string, form url.Values) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", strings.TrimSuffix(s.ready.SiteURL, "/"))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("POST %s: %s", address, resp.Status)
	}
}

// nothingHolds fails for each table with a row that has one of these words in
// any of its columns, of every schema that is ours.
func (s *stage) nothingHolds(words ...string) {
	s.t.Helper()
	rows, err := s.app.Pool.Query(s.t.Context(), `SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
		WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`)
	if err != nil {
		s.t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 30 {
		s.t.Fatalf("%d tables, %v", len(tables), err)
	}
	for _, table := range tables {
		for _, w := range words {
			if n := s.id(`SELECT count(*) FROM `+table+` AS x WHERE x::text ILIKE '%' || $1 || '%'`, w); n > 0 {
				s.t.Errorf("%d rows of %s hold %s", n, table, w)
			}
		}
	}
}
