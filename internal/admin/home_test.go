package admin

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"vistka/internal/account"
)

func TestHomeSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(account.Owner)
	b := s.as(account.Owner)
	got := b.get("/admin/")
	if got.Find(`.empty a[href="/admin/newsletters/new"]`).Length() != 1 {
		t.Error("an empty Home does not say what to do")
	}
	s.seeded()
	got = b.get("/admin/")
	if want := "60"; got.text(".figures > div:first-child dd") != want {
		t.Errorf("active %q, want %q", got.text(".figures > div:first-child dd"), want)
	}
	if !strings.Contains(got.text(".troubles"), "in doubt") || got.Find(`.troubles a[href="/admin/deliveries"]`).Length() != 1 {
		t.Errorf("the doubt is not shown: %s", got.text(".troubles"))
	}
	s.exec("UPDATE feed SET problem = '{\"key\": \"reason.words\", \"name\": \"The site answers <404>\"}', failures = 3, good_at = now() - interval '1 day'")
	got = b.get("/admin/")
	if !strings.Contains(got.text(".troubles .bad .words"), "<404>") {
		t.Errorf("the feed's trouble is not shown: %s", got.text(".troubles"))
	}
	s.exec("INSERT INTO relay (name, state, problem) VALUES ('a relay', 'ready', '550 5.7.1 not your <sender>')")
	s.exec("UPDATE edition SET state = 'paused', reason = '{\"key\": \"reason.words\", \"name\": \"stands still\"}'")
	s.exec(`INSERT INTO edition (month, newsletter_id, kind, slot, locale, article_ids, created_at)
		SELECT e.month, e.newsletter_id, e.kind, e.slot + i * interval '1 hour', e.locale, e.article_ids, now() FROM edition e, generate_series(1, 9) i`)
	if got = b.get("/admin/"); !strings.Contains(got.text(".troubles"), "not your <sender>") {
		t.Errorf("what a relay says that takes mail is not shown: %s", got.text(".troubles"))
	}
	if !strings.Contains(got.text(".troubles"), "stands still") {
		t.Errorf("an older paused edition is not shown: %s", got.text(".troubles"))
	}
	s.exec(`INSERT INTO notice (kind, locale, address, state, due_at, created_at, settled_at, reply)
		SELECT 'confirmation', 'en', 'reader' || i || '@example.org', 'failed', $1, $1, $1::timestamptz - i * interval '5 days', '550 5.7.1 not your <sender>'
		FROM generate_series(0, 2) i`, s.clock.Now())
	if got = b.get("/admin/"); !strings.Contains(got.text(".troubles"), "2 mails to one person") || got.Find(`.troubles a[href="/admin/deliveries#failed"]`).Length() != 1 {
		t.Errorf("failed confirmations of the week are not shown: %s", got.text(".troubles"))
	}
	list := b.get("/admin/deliveries")
	if rows := list.text("h2#failed ~ .scroll tbody"); strings.Count(rows, "Confirmation") != 2 || !strings.Contains(rows, "reader1@example.org") || !strings.Contains(rows, "not your <sender>") {
		t.Errorf("the failed are listed as %q", rows)
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/admin/", nil)
	req.Header.Set("X-Forwarded-For", "203.0.113.9")
	if got := b.do(req); !strings.Contains(got.text(".troubles"), "VISTKA_TRUSTED_PROXIES") {
		t.Error("an untrusted proxy is not noticed")
	}
}

// The meter of confirmation mails is always there; that they are held is trouble.
func TestHomeShowsAnAttack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.seeded()
	s.account(account.Owner)
	b := s.as(account.Owner)
	minute := s.clock.Now().Truncate(time.Minute)
	s.exec("INSERT INTO signup_mail VALUES ($1, 'attested', 'example.org', 300), ($2, 'reserve', 'example.com', 12), ($2, 'attested', 'example.com', 90)", minute, minute.Add(-61*time.Minute))
	got := b.get("/admin/")
	if v := got.Find(".figures meter").AttrOr("value", ""); v != "300" || !strings.Contains(got.text(".figures"), "of 500 at most") || strings.Contains(got.text(".troubles"), "confirmation mails") {
		t.Errorf("meter %q: %s", v, got.text("main"))
	}
	s.exec(`INSERT INTO signup (newsletter_id, address, address_key, locale, wording, created_at, expires_at, mail_due_at, held)
		SELECT id, split_part(h, ' ', 1) || '@example.org', h, 'uk', 'w', now(), now() + interval '72 hours', CASE WHEN h <> 'let go' THEN now() END, h
		FROM newsletter, unnest(ARRAY['site', 'domain', 'let go']) AS h`)
	s.exec("UPDATE signup_gate SET spent_since = now()")
	got = b.get("/admin/")
	if !strings.Contains(got.text(".troubles .bad"), "VISTKA_CONFIRMATIONS_PER_HOUR") || !strings.Contains(got.text(".figures"), "2 are held") || !strings.Contains(got.text(".troubles"), "1 sign-up was let go") {
		t.Errorf("in attack mode: %s", got.text("main"))
	}
	rows := b.get("/admin/subscribers?status=pending").text("tbody")
	for _, want := range []string{"Held: the hour’s limit", "Held: so many asked for mail to this domain", "Not mailed: held for a day"} {
		if !strings.Contains(rows, want) {
			t.Errorf("no %q: %s", want, rows)
		}
	}
}

// Without a relay all is not well, however busy the built-in inbox is.
func TestHomeSaysThatMailStaysHere(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *Deps) { d.InboxURL, d.NoRelay = "http://example.org/inbox/", true })
	s.account(account.Owner)
	s.newsletter("news")
	got := s.as(account.Owner).get("/admin/")
	if !strings.Contains(got.text(".troubles"), "VISTKA_SMTP_URL") || got.Find(`.troubles a[href="http://example.org/inbox/"]`).Length() != 1 || got.Find(".notice.good").Length() != 0 {
		t.Errorf("Home says %q", got.text("main"))
	}
}

// Nobody knows whether a relay takes mail before any was tried.
func TestHomeDoesNotPraiseAnUntriedRelay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(account.Owner)
	s.newsletter("news")
	s.exec(`INSERT INTO relay (name, lease_until) VALUES ('a relay', now() + interval '1 hour')`)
	b := s.as(account.Owner)
	got := b.get("/admin/")
	if got.Find(".notice.good").Length() != 0 || !strings.Contains(got.text(".notice"), "No mail has been tried yet") || !strings.Contains(got.text("#h-relays ~ ul"), "not tried yet") {
		t.Errorf("before any mail Home says %q", got.text("main"))
	}
	s.exec(`UPDATE relay SET day = now(), taken = 1`)
	if got = b.get("/admin/"); got.Find(".notice.good").Length() != 1 || !strings.Contains(got.text("#h-relays ~ ul"), "ready") {
		t.Errorf("after a mail Home says %q", got.text("main"))
	}
}

// A newsletter made before there was a relay may lack the address that mail through one needs.
func TestHomeMissesThePostalAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *Deps) { d.RelayOnLoopback = false })
	s.account(account.Owner)
	n := s.newsletter("news")
	b := s.as(account.Owner)
	link := fmt.Sprintf(`.troubles a[href="/admin/newsletters/%d#f-postal_address"]`, n.ID)
	if got := b.get("/admin/"); got.Find(link).Length() != 1 || !strings.Contains(got.text(".troubles"), "The news has no postal address") {
		t.Errorf("Home says %q", got.text(".troubles"))
	}
	s.exec(`UPDATE newsletter SET postal_address = '1 Sample Street'`)
	if got := b.get("/admin/"); got.Find(link).Length() != 0 {
		t.Error("an address that is there is missed")
	}
}

// Who reads two newsletters is one reader.
func TestHomeCountsPeople(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.seeded()
	second := s.newsletter("second")
	s.exec(`INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, locale, zone, hour, seen_seq, provider_id, created_at)
		SELECT $1, subscriber_id, state, cadence, locale, zone, hour, 0, provider_id, created_at FROM subscription`, second.ID)
	s.account(account.Viewer)
	if got := s.as(account.Viewer).get("/admin/").Find(".figures dd").First().Text(); got != "60" {
		t.Errorf("%s readers, want 60", got)
	}
}
