package admin

import (
	"strings"
	"testing"

	"vistka/internal/account"
	"vistka/internal/emailaddr"
	"vistka/internal/suppression"
)

// "I signed up and got no mail" can be answered, and a "this wasn't me" taken back.
func TestSignUpsNotConfirmedAreFound(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n := s.newsletter("news")
	s.account(account.Editor)
	b := s.as(account.Editor)
	s.exec(`INSERT INTO signup (newsletter_id, address, address_key, locale, wording, created_at, expires_at)
		SELECT $1, a, a, 'uk', 'w', now(), now() + interval '72 hours' FROM unnest(ARRAY['taken@example.org', 'failed@example.org', 'other@example.org']) AS a`, n.ID)
	s.exec(`INSERT INTO notice (kind, locale, newsletter_id, signup_id, state, due_at, created_at, settled_at, reply)
		SELECT 'confirmation', 'uk', newsletter_id, id, split_part(replace(address, 'taken', 'sent'), '@', 1), now(), now(), now(), '550 5.1.1 <nobody>'
		FROM signup WHERE address NOT LIKE 'other%'`)
	if got := b.get("/admin/"); got.Find(`.figures a[href="/admin/subscribers?status=pending"]`).Text() != "3" {
		t.Errorf("Home: %s", got.text(".figures"))
	}
	got := b.get("/admin/subscribers?status=pending")
	for _, want := range []string{"taken@example.org", "Taken by the relay", "failed@example.org", "550 5.1.1 <nobody>", "other@example.org"} {
		if !strings.Contains(got.text("tbody"), want) {
			t.Errorf("no %q among those not confirmed: %s", want, got.text("tbody"))
		}
	}
	if got := b.get("/admin/subscribers?q=OTHER@"); !strings.Contains(got.text("tbody"), "other@example.org") || strings.Contains(got.text("tbody"), "taken") {
		t.Errorf("search: %s", got.text("main"))
	}
	a, err := emailaddr.Parse("other@example.org")
	if err != nil {
		t.Fatal(err)
	}
	hash := s.subs.Hasher.Sum(a.Key())
	if err := suppression.Add(t.Context(), s.db, hash, suppression.NotMe, "", s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	s.exec("UPDATE signup SET expires_at = now() - interval '1 minute' WHERE address LIKE 'other%'")
	got = b.get("/admin/subscribers?q=other@")
	action, there := got.Find(`form[action^="/admin/signups/"]`).Attr("action")
	if !there || !strings.Contains(got.text("tbody"), "this wasn’t me") {
		t.Fatalf("the way back is not offered: %s", got.text("main"))
	}
	b.post(action, nil)
	if reason, err := suppression.Has(t.Context(), s.db, hash); err != nil || reason != "" {
		t.Errorf("still suppressed: %q, %v", reason, err)
	}
}
