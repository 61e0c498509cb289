package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

// newsroom is a newsletter with an edition to four readers: sent, queued, failed
// and held in doubt.
func newsroom(t *testing.T) (cli, *pgxpool.Pool) {
	t.Helper()
	c := cli{t, pgtest.URL(t), t.TempDir()}
	c.run("", "newsletter", "add", "--slug", "news", "--name", "News", "--language", "en", "--from-name", "Desk", "--from-address", "desk@example.org")
	c.run("", "seed", "--newsletter", "news", "-n", "4")
	db, err := postgres.Open(t.Context(), c.url, postgres.WithMaxConns(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	for _, sql := range []string{
		`WITH st AS (INSERT INTO story DEFAULT VALUES RETURNING id), n AS (UPDATE newsletter SET last_seq = 1)
			INSERT INTO article (newsletter_id, story_id, url, title, first_seen_at, updated_at, state, reason, seq, released_at)
			SELECT 1, id, 'https://example.org/a', 'A', now(), now(), 'released', '{"key": "reason.words"}', 1, now() FROM st`,
		`UPDATE subscription SET seen_seq = 1`,
		`INSERT INTO edition (month, newsletter_id, kind, slot, locale, article_ids, created_at)
			VALUES (date_trunc('month', now() AT TIME ZONE 'UTC')::date, 1, 'instant', now(), 'en', '{1}', now())`,
		`INSERT INTO delivery (month, edition_id, subscriber_id, newsletter_id, provider_id, state, doubts, reply)
			SELECT e.month, e.id, s.id, 1, s.provider_id, (ARRAY['sent', 'queued', 'failed', 'in doubt'])[row_number() OVER (ORDER BY s.id)],
			CASE WHEN row_number() OVER (ORDER BY s.id) = 4 THEN 2 ELSE 0 END, '550 5.7.1 no' FROM edition e, subscriber s`,
		`INSERT INTO relay (name, holder, lease_until, state, problem, problem_at)
			VALUES ('mail.example.org:587', 'abc', now() + interval '1 hour', 'down', '421 4.3.2 not now', now())`,
	} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return c, db
}

// Every act of the admin pages on editions and doubts, with the same words when
// it is refused and a trace of who did it.
func TestEditionsFromTheCommandLine(t *testing.T) {
	c, db := newsroom(t)
	count := func(sql string) (n int) {
		t.Helper()
		if err := db.QueryRow(t.Context(), "SELECT count(*) FROM "+sql).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	says := func(want string, args ...string) {
		t.Helper()
		if out := c.run("", args...); !strings.Contains(out, want) {
			t.Errorf("vistka %s: %q is not said in\n%s", strings.Join(args, " "), want, out)
		}
	}
	refused := func(want string, args ...string) {
		t.Helper()
		var said strings.Builder
		if _, code := c.do("", &said, args); code != exitFailure || !strings.Contains(said.String(), want) {
			t.Errorf("vistka %s: exit %d, %s; want %q", strings.Join(args, " "), code, &said, want)
		}
	}
	says("going out", "edition", "list", "--newsletter", "news")
	says("readers    4: 1 sent, 1 failed, 1 in doubt, 1 queued", "edition", "show", "1")
	says("The relay mail.example.org:587 takes no mail. It is asked again by itself. It said: 421 4.3.2 not now", "edition", "show", "1")
	refused("there is no edition 9", "edition", "show", "9")
	refused("there is no edition 9", "edition", "pause", "9")

	says("Paused", "edition", "pause", "1", "--reason", "A wrong name in it.")
	says("A wrong name in it.", "edition", "list", "--state", "paused")
	refused("edition 1 is paused already; go on with vistka edition resume 1", "edition", "pause", "1")
	says("Resumed", "edition", "resume", "1")
	refused("edition 1 is going out and is not paused", "edition", "resume", "1")
	says("once more: 1", "edition", "retry", "1")
	says("Nothing failed", "edition", "retry", "1")
	if n := count("owed WHERE article_id = 1"); n != 1 {
		t.Errorf("%d owed after the retry", n)
	}
	if n := count("river.river_job WHERE kind = 'edition_fan_out'"); n != 1 {
		t.Errorf("%d fan-outs asked for", n)
	}

	refused("names no mail", "doubt", "again", "7")
	var doubts []struct{ Ref string }
	if err := json.Unmarshal([]byte(c.run("", "doubt", "list", "--json")), &doubts); err != nil || len(doubts) != 1 {
		t.Fatalf("%d in doubt, %v", len(doubts), err)
	}
	says("waits for you: again, or sent", "doubt", "list")
	refused("vistka: --resume-at: 2020-01-01T08:00:00+02:00 is past; now it is 20", "edition", "cancel", "1", "--resume-at", "2020-01-01T08:00:00+02:00")
	until := time.Now().Add(72 * time.Hour).Truncate(time.Second)
	says("taken back: 1", "edition", "cancel", "1", "--resume-at", until.Format(time.RFC3339))
	if n := count("edition WHERE state = 'cancelled' AND resume_at = '" + until.Format(time.RFC3339) + "'"); n != 1 {
		t.Error("cancelled until another time than was asked for")
	}
	for _, act := range []string{"pause", "resume", "cancel"} {
		refused("edition 1 was cancelled, and nothing of it goes out any more; what was not sent goes out in another one on "+utc(until), "edition", act, "1")
	}
	refused("cannot be sent again", "doubt", "again", doubts[0].Ref)
	says("counts as sent", "doubt", "sent", doubts[0].Ref)
	refused("is not held in doubt", "doubt", "sent", doubts[0].Ref)

	says("takes no mail", "relay", "list")
	says("421 4.3.2 not now", "relay", "list", "--json")
	if n := count("audit_event WHERE account_id IS NULL AND act IN ('edition.pause', 'edition.resume', 'edition.retry', 'edition.cancel', 'delivery.sent')"); n != 6 {
		t.Errorf("%d acts in the trail", n)
	}

	// A correction is owed to nobody.
	for _, sql := range []string{
		`UPDATE edition SET kind = 'correction', note = 'It was 80 metres.', state = 'open', reason = NULL, resume_at = NULL WHERE id = 1`,
		`UPDATE delivery SET state = 'queued', settled_at = NULL, reply = NULL WHERE state = 'cancelled'`,
	} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	says("Nobody else gets this correction.", "edition", "cancel", "1")
	refused("edition 1 was cancelled, and nothing of it goes out any more; nobody else gets this correction", "edition", "resume", "1")
	if out := c.run("", "edition", "show", "1"); strings.Contains(out, "owed") {
		t.Errorf("promised: %s", out)
	}
}

// Watching ends by itself when nothing of the edition waits any more.
func TestWatchAnEdition(t *testing.T) {
	c, db := newsroom(t)
	said := &steps{wrote: make(chan struct{}, 1)}
	ended := make(chan int, 1)
	var out string
	go func() {
		var code int
		out, code = c.do("", said, []string{"edition", "show", "1", "--watch"})
		ended <- code
	}()
	<-said.wrote
	if _, err := db.Exec(t.Context(), `UPDATE delivery SET state = 'sent', settled_at = now()`); err != nil {
		t.Fatal(err)
	}
	if code := <-ended; code != 0 || !strings.Contains(out, "4: 4 sent") {
		t.Errorf("exit %d: %s", code, out)
	}
	if words := said.String(); !strings.Contains(words, "2 of 4. Nothing has gone out in the last minute.") {
		t.Errorf("said %q", words)
	}
}

// steps keeps what is written and tells of the first line.
type steps struct {
	strings.Builder
	wrote chan struct{}
}

func (s *steps) Write(p []byte) (int, error) {
	n, err := s.Builder.Write(p)
	select {
	case s.wrote <- struct{}{}:
	default:
	}
	return n, err
}
