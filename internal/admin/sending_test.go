package admin

import (
	"net/url"
	"strings"
	"testing"

	"vistka/internal/account"
)

func TestSending(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.seeded()
	s.account(account.Owner)
	s.account(account.Editor)
	editor, owner := s.as(account.Editor), s.as(account.Owner)
	maySend := func() bool { return s.count(`SELECT count(*) FROM sending_allowed`) == 1 }

	got := editor.get("/admin/sending")
	if got.Find(".notice.good").Length() != 1 || got.Find(".halted").Length() != 0 {
		t.Errorf("while mail goes out: %s", got.text("main"))
	}
	if want := s.count(`SELECT count(*) FROM delivery WHERE state = 'queued'`); got.text("tbody td.n") != s.catalog.For("en").Number(want) {
		t.Errorf("%q mails are shown, want %d", got.text("tbody td.n"), want)
	}
	editor.post("/admin/sending", url.Values{"act": {"stop"}, "reason": {"a <slip>"}})
	if maySend() {
		t.Fatal("not stopped")
	}
	got = editor.get("/admin/sending")
	if words := got.text("main"); !strings.Contains(words, "a <slip>") || !strings.Contains(words, "The editor") || got.Find(`button[value=start]`).Length() != 1 {
		t.Errorf("while stopped: %s", words)
	}
	for _, page := range []string{"/admin/", "/admin/editions", "/admin/subscribers"} {
		if got := owner.get(page); got.Find(`.halted a[href="/admin/sending"]`).Length() != 1 {
			t.Errorf("%s does not say that sending is stopped", page)
		}
	}
	editor.post("/admin/sending", url.Values{"act": {"start"}})
	if !maySend() {
		t.Fatal("not started")
	}
	editor.post("/admin/sending", url.Values{"act": {"start"}})
	if got := editor.get("/admin/sending"); got.Find(".notice.bad").Length() != 1 {
		t.Error("started twice, and nobody says so")
	}

	for _, cause := range []string{"restored", "moved database", "rolled back", "moved directory", "copied directory"} {
		s.exec(`UPDATE sending SET state = 'locked', cause = $1`, cause)
		if words := editor.get("/admin/sending").text("dl"); len(words) < 40 {
			t.Errorf("%s is explained with %q", cause, words)
		}
	}
	s.exec(`INSERT INTO guard (system_identifier, database_oid, written_by) VALUES ('', 0, 0)`)
	if editor.get("/admin/sending").Find("form.decide").Length() != 0 {
		t.Error("an editor is offered to unlock")
	}
	owner.post("/admin/sending", url.Values{"act": {"start"}})
	owner.post("/admin/sending/unlock", url.Values{})
	if s.count(`SELECT count(*) FROM sending WHERE state = 'locked'`) != 1 {
		t.Fatal("unlocked without the box ticked")
	}
	if owner.get("/admin/sending").Find(`form[action="/admin/sending/unlock"] input[name=sure]`).Length() != 1 {
		t.Error("no box to tick")
	}
	owner.post("/admin/sending/unlock", url.Values{"sure": {"yes"}})
	if !maySend() {
		t.Fatal("not unlocked, or the guard is not bound")
	}
	var acts string
	if err := s.db.QueryRow(t.Context(), `SELECT string_agg(act, ' ' ORDER BY id) FROM audit_event WHERE act LIKE 'sending.%'`).Scan(&acts); err != nil || acts != "sending.stop sending.start sending.unlock" {
		t.Errorf("in the trail: %q, %v", acts, err)
	}
}
