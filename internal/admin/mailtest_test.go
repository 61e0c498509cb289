package admin

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"vistka/internal/account"
)

// What became of a test is seen where it was asked for: at each reload, and in
// the part that a script asks for as long as it moves.
func TestMailMeATestSaysWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n, _, _, _ := s.seeded()
	s.account(account.Owner)
	s.account(account.Editor)
	b, other := s.as(account.Owner), s.as(account.Editor)
	s.exec(`INSERT INTO relay (name, lease_until, state, problem) VALUES ('a relay', now() + interval '1 hour', 'down', '421 4.3.2 <later>')`)
	list, own := "/admin/newsletters", fmt.Sprintf("/admin/newsletters/%d", n.ID)
	part, where := own+"/test", fmt.Sprintf("#test-%d", n.ID)
	if got := b.get(part); got.status != http.StatusNotFound {
		t.Errorf("the outcome of no test: %d", got.status)
	}
	if got := b.post(part, nil).header.Get("Location"); got != list+where {
		t.Errorf("from the list a press leads to %q", got)
	}
	if got := b.post(part, map[string][]string{"from": {"newsletter"}}).header.Get("Location"); got != own+where {
		t.Errorf("from the newsletter's page a press leads to %q", got)
	}
	for _, path := range []string{list, own, part} {
		got := b.get(path)
		if got.Find(where).AttrOr("data-live", "") != part {
			t.Errorf("%s: a test that is on its way is not asked for again", path)
		}
		for _, want := range []string{"On its way to owner@example.org.", "The relay a relay takes no mail", "421 4.3.2 <later>"} {
			if !strings.Contains(got.text(where), want) {
				t.Errorf("%s does not say %q: %s", path, want, got.text(where))
			}
		}
	}
	if got := other.get(list); got.Find(where).Length() != 0 {
		t.Error("a colleague's test is shown")
	}
	for state, want := range map[string]string{
		"sent":     "The relay took it. Look in the mailbox of owner@example.org",
		"failed":   "It did not reach owner@example.org. The server said: 550 5.1.1 <nobody>",
		"skipped":  "It was not mailed.",
		"in doubt": "It waits for you",
	} {
		s.exec(`UPDATE notice SET state = $1, settled_at = now(), reply = '550 5.1.1 <nobody>'`, state)
		for _, path := range []string{list, own, part} {
			got := b.get(path)
			if !strings.Contains(got.text(where), want) || got.Find("[data-live], main script").Length() != 0 {
				t.Errorf("%s, %s: %s", path, state, got.text("main"))
			}
		}
	}
	s.exec(`UPDATE notice SET state = 'failed'`)
	if got := b.get("/admin/").text(".troubles"); !strings.Contains(got, "Test, owner@example.org, just now 550 5.1.1 <nobody>") {
		t.Errorf("Home: %s", got)
	}
}
