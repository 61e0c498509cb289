package delivery

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"vistka/internal/mailer"
	"vistka/internal/mailer/smtptest"
	"vistka/internal/subscriber"
	"vistka/internal/token"
)

func (w *world) notice(id int64) (r row) {
	w.t.Helper()
	err := w.db.QueryRow(w.t.Context(), `SELECT state, tries, doubts, due_at, coalesce(reply, '') FROM notice WHERE id = $1`, id).Scan(&r.State, &r.Tries, &r.Doubts, &r.Due, &r.Reply)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) untilNotice(id int64, want State) row {
	w.t.Helper()
	w.until(fmt.Sprintf("notice %d is %s", id, want), func() bool { return w.notice(id).State == want })
	return w.notice(id)
}

func TestEveryKindOfNotice(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	reader := w.reader("reader@example.org")
	moved := w.change(reader, "reader@example.org")
	w.exec(`UPDATE address_change SET state = 'done', address = NULL, address_key = NULL, settled_at = asked_at WHERE id = $1`, moved)
	change, held := w.change(reader, "new-mailbox@example.org"), w.waiting()
	w.account("editor2@example.org", "en", "editor", nil)
	editor := int64(w.count("account"))
	for i, n := range []Notice{
		{Kind: Confirmation, SignupID: w.signup("new@example.org"), NewsletterID: 1},
		{Kind: Settings, SubscriberID: reader, NewsletterID: 1, Content: Content{AskedAt: w.clock.Now()}},
		{Kind: Welcome, SubscriberID: reader, NewsletterID: 1},
		{Kind: Test, Address: "editor@example.org", NewsletterID: 1},
		{Kind: Alert, Address: "owner@example.org", Content: Content{Title: "The relay is down", Text: "Nothing is sent."}},
		{Kind: Link, SubscriberID: reader, NewsletterID: 1, Content: Content{About: subscriber.AboutData}},
		{Kind: Link, SubscriberID: reader, NewsletterID: 1, Content: Content{About: subscriber.AboutReceipt, Records: []mailer.Record{{When: "Today", What: "You confirmed it"}}}},
		{Kind: Link, Address: "new-mailbox@example.org", NewsletterID: 1, Content: Content{About: subscriber.AboutNewAddress, Change: change, Masked: "ne••@example.org"}},
		{Kind: Link, Address: "old-mailbox@example.org", NewsletterID: 1, Content: Content{About: subscriber.AboutOldAddress, Change: change, Masked: "ne••@example.org"}},
		{Kind: Link, SubscriberID: reader, NewsletterID: 1, Content: Content{About: subscriber.AboutMoved, Change: moved}},
		{Kind: Desk, Address: "desk@example.org", Content: Content{Kind: "callback", Reference: "4821-7730", URL: "https://mail.news.example/admin/hotline/1"}},
		{Kind: Alert, Address: "editor2@example.org", Content: Content{Title: "It goes out soon", Text: "In ten minutes.", Hold: held, Account: editor}},
	} {
		n.Locale = "en"
		if i%2 == 1 {
			n.Locale = "uk"
		}
		w.enqueue(n)
	}
	w.start(w.s)
	w.until("all are sent", func() bool { return w.count("notice WHERE state = 'sent'") == 12 })
	if n := len(w.lab.Journal.To("reader@example.org")); n != 5 || w.lab.Journal.Len() != 12 {
		t.Fatalf("%d to the reader, %d in all", n, w.lab.Journal.Len())
	}
	confirmation := w.lab.Journal.To("new@example.org")[0]
	body := strings.ReplaceAll(string(confirmation.Data), "=\r\n", "")
	for _, want := range []string{"https://mail.news.example/confirm/", "https://mail.news.example/not-me/"} {
		if !strings.Contains(body, want) {
			t.Errorf("the confirmation lacks %s", want)
		}
	}
	links := map[string]string{"reader@example.org": "/data/", "new-mailbox@example.org": "/address/", "old-mailbox@example.org": "/keep-address/"}
	for to, path := range links {
		found := ""
		for _, m := range w.lab.Journal.To(to) {
			body := strings.ReplaceAll(string(m.Data), "=\r\n", "")
			if _, after, ok := strings.Cut(body, "https://mail.news.example"+path); ok {
				found, _, _ = strings.Cut(after, "\r\n")
			}
		}
		var err error
		switch to {
		case "reader@example.org":
			_, err = w.s.Keys.Verify(token.Fresh, found)
		case "new-mailbox@example.org":
			_, err = w.s.Keys.Verify(token.NewAddress, found)
		default:
			_, err = w.s.Keys.Verify(token.KeepAddress, found)
		}
		if err != nil {
			t.Errorf("the link to %s: %q, %v", path, found, err)
		}
	}
	toNew := strings.ReplaceAll(string(w.lab.Journal.To("new-mailbox@example.org")[0].Data), "=\r\n", "")
	if link := regexp.MustCompile(`https://mail.news.example/not-my-address/([\w-]+)`).FindStringSubmatch(toNew); link == nil {
		t.Error("the mail to a new mailbox has no way to say that it was not they")
	} else if _, err := w.s.Keys.Verify(token.NotMyAddress, link[1]); err != nil {
		t.Errorf("the new mailbox's link: %v", err)
	}
	stop := strings.ReplaceAll(string(w.lab.Journal.To("editor2@example.org")[0].Data), "=\r\n", "")
	payload, err := w.s.Keys.Verify(token.Hold, regexp.MustCompile(`https://mail.news.example/hold/([\w-]+)`).FindStringSubmatch(stop)[1])
	if account, article, err2 := token.SplitPair(payload); err != nil || err2 != nil || int64(account) != editor || int64(article) != held {
		t.Errorf("the link holds article %d for account %d, %v, %v", article, account, err, err2)
	}
	if n := w.count("notice WHERE content::text LIKE '%/hold/%' OR content::text LIKE '%/confirm/%' OR reply LIKE '%@%'"); n != 0 {
		t.Fatal("something secret is stored")
	}
}

// change is a wish for another address that waits.
func (w *world) change(reader int64, to string) (id int64) {
	w.t.Helper()
	w.one(&id, `INSERT INTO address_change (subscriber_id, newsletter_id, locale, address, address_key, old_hash, asked_at, expires_at)
		VALUES ($1, 1, 'en', $2, $2, 'old', $3, $4) RETURNING id`, reader, to, w.clock.Now(), w.clock.Now().Add(subscriber.ChangeWithin))
	return id
}

// waiting is an article in its grace time.
func (w *world) waiting() (id int64) {
	w.t.Helper()
	w.one(&id, `WITH st AS (INSERT INTO story DEFAULT VALUES RETURNING id)
		INSERT INTO article (newsletter_id, story_id, url, title, first_seen_at, updated_at, due_at, state, reason)
		SELECT 1, id, 'https://news.example/' || id, 'Soon', $1, $1, $1, 'waiting', '{"key": "reason.words"}' FROM st RETURNING id`, w.clock.Now())
	return id
}

// Notices do not wait behind an edition.
func TestNoticesGoFirst(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.s.Relays[0].Connections = 1
	reached, release := w.holdAtRcpt()
	for i := range 400 {
		w.deliver(fmt.Sprintf("r%d@example.org", i))
	}
	w.start(w.s)
	<-reached
	w.enqueue(Notice{Kind: Confirmation, Locale: "en", SignupID: w.signup("new@example.org"), NewsletterID: 1})
	release()
	w.until("the notice is sent", func() bool { return len(w.lab.Journal.To("new@example.org")) == 1 })
	w.until("settled", func() bool { return w.editionState() == "settled" })
	if w.lab.Journal.Len() != 401 {
		t.Fatalf("%d mails", w.lab.Journal.Len())
	}
	for i, m := range w.lab.Journal.Mails() {
		if m.To == "new@example.org" && i > 300 {
			t.Fatalf("the notice went %dth", i+1)
		}
	}
}

// A retry of a notice has the same bytes, Date included, however late and
// whatever was changed meanwhile (A3, A4).
func TestNoticeRetryHasSameBytes(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	second := make(chan struct{})
	w.s.InDoubtWait = 2 * time.Hour
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		select {
		case <-second:
			return smtptest.Action{}
		default:
			return smtptest.Action{Close: e.Stage == smtptest.Final, Journal: true}
		}
	})
	w.enqueue(Notice{Kind: Confirmation, Locale: "uk", SignupID: w.signup("new@example.org"), NewsletterID: 1})
	w.start(w.s)
	w.untilNotice(1, Doubtful)
	close(second)
	w.exec(`UPDATE signup SET page_url = 'https://news.example/another', created_at = created_at + interval '1 hour', expires_at = expires_at + interval '1 day'`)
	w.exec(`UPDATE newsletter SET name = 'Another', from_address = 'editor@elsewhere.example'`)
	w.clock.Advance(2*time.Hour + time.Minute)
	if r := w.untilNotice(1, Sent); r.Tries != 2 || r.Doubts != 1 {
		t.Fatalf("%+v", r)
	}
	mails := w.lab.Journal.Mails()
	if n, same := w.lab.Journal.Accepted(mails[0].MessageID(), "new@example.org"); n != 2 || !same {
		t.Fatalf("%d under one id, the same bytes: %v\n%s\n%s", n, same, mails[0].Data, mails[1].Data)
	}
}

// What is no longer wanted when its turn comes is not sent.
func TestNoticeNoLongerWanted(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	confirmed, expired, unwanted := w.signup("a@example.org"), w.signup("b@example.org"), w.signup("c@example.org")
	again := w.signup("d@example.org")
	left := w.reader("e@example.org")
	w.exec(`UPDATE signup SET confirmed_at = created_at WHERE id = $1`, confirmed)
	w.exec(`UPDATE signup SET expires_at = created_at WHERE id = $1`, expired)
	w.exec(`INSERT INTO suppression (address_hash, reason, at) VALUES ($1, 'not me', now()), ($2, 'erased', now())`, w.s.Hasher.Sum("c@example.org"), w.s.Hasher.Sum("d@example.org"))
	w.exec(`UPDATE subscription SET state = 'ended', ended_at = now() WHERE subscriber_id = $1`, left)
	for _, id := range []int64{confirmed, expired, unwanted, again} {
		w.enqueue(Notice{Kind: Confirmation, Locale: "en", SignupID: id, NewsletterID: 1})
	}
	w.enqueue(Notice{Kind: Welcome, Locale: "en", SubscriberID: left, NewsletterID: 1})
	w.start(w.s)
	for _, id := range []int64{1, 2, 3, 5} {
		w.untilNotice(id, Cancelled)
	}
	w.untilNotice(4, Sent)
	if w.lab.Journal.Len() != 1 {
		t.Fatalf("%d mails", w.lab.Journal.Len())
	}
}

// What was undone, erased or decided meanwhile is not mailed, and the new mailbox
// of a change is asked as that of a sign-up is.
func TestNoticeUndoneMeanwhile(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.account("editor@example.org", "en", "editor", nil)
	w.account("former@example.org", "en", "editor", new(w.clock.Now()))
	for address, reason := range map[string]string{"erased": "erased", "refused": "not me", "gone": "hard bounce", "reported": "spam report"} {
		w.exec(`INSERT INTO suppression (address_hash, reason, at) VALUES ($1, $2, now())`, w.s.Hasher.Sum(address+"@example.org"), reason)
	}
	change := func(state string) int64 {
		id := w.change(w.reader("reader"+state+"@example.org"), "new@example.org")
		switch state {
		case "late":
			w.exec(`UPDATE address_change SET expires_at = asked_at WHERE id = $1`, id)
		case "erased":
			w.exec(`DELETE FROM subscriber WHERE id = (SELECT subscriber_id FROM address_change WHERE id = $1)`, id)
		case "done", "cancelled":
			w.exec(`UPDATE address_change SET state = $2, address = NULL, address_key = NULL, settled_at = asked_at WHERE id = $1`, id, state)
		}
		return id
	}
	about := func(about, to string, change int64) Notice {
		return Notice{Kind: Link, Address: to + "@example.org", Content: Content{About: about, Change: change, Masked: "ne••@example.org"}}
	}
	grace := func(state string, account int64) Notice {
		id := w.waiting()
		w.exec(`UPDATE article SET state = $2 WHERE id = $1`, id, state)
		return Notice{Kind: Alert, Address: "editor@example.org", Content: Content{Title: "Soon", Text: "It goes out.", Hold: id, Account: account}}
	}
	// Mail comes to a new address: to that of the last change, of who still reads.
	told := func(state string) Notice {
		reader := w.reader(state + "@example.net")
		n := Notice{Kind: Link, SubscriberID: reader}
		for range map[string]int{"moved": 2}[state] + 1 {
			id := w.change(reader, state+"@example.net")
			w.exec(`UPDATE address_change SET state = 'done', address = NULL, address_key = NULL, settled_at = asked_at WHERE id = $1`, id)
			if n.Content.Change == 0 {
				n.Content = Content{About: subscriber.AboutMoved, Change: id}
			}
		}
		if state == "left" {
			w.exec(`UPDATE subscription SET state = 'ended', ended_at = now() WHERE subscriber_id = $1`, reader)
		}
		return n
	}
	open, done, stopped := change("waiting"), change("done"), change("cancelled")
	var wanted []State
	for _, c := range []struct {
		n    Notice
		want State
	}{
		{about(subscriber.AboutNewAddress, "new", open), Sent},
		{about(subscriber.AboutOldAddress, "old", open), Sent},
		{about(subscriber.AboutNewAddress, "new", done), Cancelled},
		{about(subscriber.AboutOldAddress, "old", done), Sent},
		{about(subscriber.AboutNewAddress, "new", stopped), Cancelled},
		{about(subscriber.AboutOldAddress, "old", stopped), Cancelled},
		{about(subscriber.AboutNewAddress, "new", change("late")), Cancelled},
		{about(subscriber.AboutOldAddress, "old", change("erased")), Cancelled},
		{about(subscriber.AboutNewAddress, "erased", open), Sent},
		{about(subscriber.AboutNewAddress, "refused", open), Cancelled},
		{about(subscriber.AboutNewAddress, "gone", open), Cancelled},
		{about(subscriber.AboutNewAddress, "reported", open), Cancelled},
		{told("reads"), Sent},
		{told("left"), Cancelled},
		{told("moved"), Cancelled},
		{grace("waiting", 1), Sent},
		{grace("held", 1), Cancelled},
		{grace("never", 1), Cancelled},
		{grace("waiting", 2), Cancelled},
	} {
		c.n.Locale, c.n.NewsletterID = "en", 1
		w.enqueue(c.n)
		wanted = append(wanted, c.want)
	}
	w.start(w.s)
	for i, want := range wanted {
		w.untilNotice(int64(i+1), want)
	}
}

// Table 2 for notices: schedule, failure, doubt held after the second.
func TestNoticeOutcomes(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		doubt := e.Stage == smtptest.Final && e.To == "doubt@example.org"
		return smtptest.Action{Close: doubt, Journal: doubt}
	})
	for _, address := range []string{"450@example.org", "550-5.1.1@example.org", "doubt@example.org", "not an address"} {
		w.enqueue(Notice{Kind: Test, Locale: "en", Address: address, NewsletterID: 1})
	}
	w.start(w.s)
	if r := w.untilNotice(1, Deferred); r.Tries != 1 || r.Due.Before(w.clock.Now().Add(5*time.Minute)) {
		t.Fatalf("%+v", r)
	}
	w.untilNotice(2, Failed)
	w.untilNotice(4, Failed)
	w.until("held", func() bool {
		return w.count("notice WHERE id = 3 AND state = 'in doubt' AND doubts = 2 AND settled_at IS NOT NULL") == 1
	})
	if n := len(w.lab.Journal.To("doubt@example.org")); n != 2 {
		t.Fatalf("%d sent", n)
	}
	if err := w.s.Decide(t.Context(), w.s.DB, Key{Notice: 3}, false); err != nil {
		t.Fatal(err)
	}
	if r := w.notice(3); r.State != Sent {
		t.Fatalf("%+v", r)
	}
}

// Many notices at once do not wait for the feed's next look.
func TestNoticesAreReadOn(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	_, err := w.db.Exec(t.Context(), `
		INSERT INTO notice (kind, locale, address, due_at, created_at)
		SELECT 'alert', 'en', 'owner@example.org', $1, $1 FROM generate_series(1, $2::int)`, w.clock.Now(), page+1)
	if err != nil {
		t.Fatal(err)
	}
	d := &driver{s: w.s, soft: t.Context(), queue: newQueue(1), providers: newProviders(), shares: 1}
	for i, want := range []bool{false, true} {
		if err := d.fillNotices(); err != nil {
			t.Fatal(err)
		}
		if d.idle() != want {
			t.Errorf("after page %d it is idle: %t", i+1, d.idle())
		}
		d.queue.notices = nil // taken, and still busy
	}
}

// The welcome brings the three newest that are out, also where there is nothing
// yet but what the feed began with.
func TestWelcomeBringsTheLatestThree(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.exec(`DELETE FROM article`)
	w.exec(`INSERT INTO story SELECT FROM generate_series(1, 6)`)
	w.exec(`INSERT INTO article (newsletter_id, story_id, url, title, published_at, first_seen_at, updated_at, state, reason, seq, released_at, withdrawn_at)
		SELECT 1, (SELECT min(id) FROM story) + n, 'https://news.example/' || n, 'Headline ' || n, $1::timestamptz + n * interval '1 minute', $1, $1, state, '{"key": "reason.words"}', seq, released_at, withdrawn_at
		FROM (VALUES (1, 'baseline', NULL::bigint, NULL::timestamptz, NULL::timestamptz), (2, 'baseline', NULL, NULL, NULL), (3, 'released', 10, $1::timestamptz + interval '3 minutes', NULL),
		     (4, 'withdrawn', 11, $1 + interval '4 minutes', $1), (5, 'held', NULL, NULL, NULL), (6, 'baseline', NULL, NULL, NULL)) AS a (n, state, seq, released_at, withdrawn_at)`,
		w.clock.Now().Add(-time.Hour))
	w.enqueue(Notice{Kind: Welcome, Locale: "en", SubscriberID: w.reader("reader@example.org"), NewsletterID: 1})
	w.start(w.s)
	w.untilNotice(1, Sent)
	body := strings.ReplaceAll(string(w.lab.Journal.To("reader@example.org")[0].Data), "=\r\n", "")
	for n, shown := range []bool{1: false, 2: true, 3: true, 4: false, 5: false, 6: true} {
		if n > 0 && strings.Contains(body, fmt.Sprintf("Headline %d", n)) != shown {
			t.Errorf("article %d: shown %v, want %v", n, !shown, shown)
		}
	}
}

// What the desk is told goes out as it was sealed, in every try, and not at all
// once the request is deleted.
func TestDeskNoticeGoesWithItsRequest(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	var request int64
	w.one(&request, `INSERT INTO hotline_request (reference, digest, kind, language, phone, created_at)
		VALUES ('4821-7730', 'd', 'callback', 'en', '+380 44 123 45 67', $1) RETURNING id`, w.clock.Now())
	const sealed = "-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n-----END AGE ENCRYPTED FILE-----\n"
	w.enqueue(Notice{Kind: Desk, Locale: "en", Address: "desk@example.org", RequestID: request, Content: Content{Kind: "callback", Reference: "4821-7730", Sealed: sealed}})
	compose := func() string {
		t.Helper()
		loaded, err := w.s.loadNotices(t.Context(), []int64{1})
		if err != nil {
			t.Fatal(err)
		}
		m, _, err := w.s.composeNotice(loaded[1], nil)
		if err != nil {
			t.Fatal(err)
		}
		return string(m.Body)
	}
	first := compose()
	w.exec(`UPDATE newsletter SET name = 'Another'`)
	w.clock.Advance(time.Hour)
	if again := compose(); again != first || !strings.Contains(first, base64.StdEncoding.EncodeToString([]byte(sealed))[:76]) {
		t.Errorf("first\n%s\nthen\n%s", first, again)
	}
	w.exec(`DELETE FROM hotline_request`)
	if n := w.count("notice"); n != 0 {
		t.Error("the text outlives its request")
	}
	if loaded, err := w.s.loadNotices(t.Context(), []int64{1}); err != nil || len(loaded) != 0 {
		t.Errorf("still to be sent: %v, %v", loaded, err)
	}
}
