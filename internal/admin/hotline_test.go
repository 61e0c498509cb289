package admin

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/PuerkitoBio/goquery"
	"github.com/jackc/pgx/v5"

	"vistka/internal/account"
	"vistka/internal/hotline"
)

// requested opens the hotline and leaves a callback request (1) and a complaint (2).
func (s *site) requested() {
	s.t.Helper()
	err := pgx.BeginFunc(s.t.Context(), s.db, func(tx pgx.Tx) error {
		return s.hotline.SaveSettings(s.t.Context(), tx, hotline.Settings{Open: true, DeskLocale: "en", Desk: []string{"desk@example.org"}, KeepDays: 90})
	})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range []hotline.Request{
		{Kind: hotline.Callback, Language: "uk", Name: "Secret Nadia", Phone: "+380 44 123 45 67", BestTime: "after six"},
		{Kind: hotline.Complaint, Language: "en", Subject: "Secret photo", Text: "It shows\n\n<b>another</b> street.", Contact: "secret@example.org"},
	} {
		if _, err := s.hotline.Submit(s.t.Context(), hotline.Submission{Request: r, Attested: true}); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *site) grant(a account.Account) {
	s.t.Helper()
	if err := s.accounts.SetHotline(s.t.Context(), a.ID, true, 0); err != nil {
		s.t.Fatal(err)
	}
}

// No role brings the right along: whoever has not got it meets the hotline
// nowhere, not in the navigation, not in a search, not in an export.
func TestHotlineIsForWhoeverHasTheRight(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.seeded()
	s.requested()
	for _, role := range account.Roles() {
		a := s.account(role)
		b := s.as(role)
		tries := 0
		for _, route := range (&admin{}).hotlineTable() {
			tries++
			got := b.get(fill(route.pattern, 1))
			if route.method == http.MethodPost {
				got = b.post(fill(route.pattern, 1), url.Values{"act": {"erase"}, "sure": {"yes"}, "password": {phrase}, "account": {fmt.Sprint(a.ID)}, "right": {"on"}})
			}
			if got.status != http.StatusForbidden || strings.Contains(got.Text(), "Secret") {
				t.Errorf("%s without the right, %s %s: %d", role, route.method, route.pattern, got.status)
			}
		}
		if tries < 8 {
			t.Errorf("only %d routes tried", tries)
		}
		for _, path := range []string{"/admin/", "/admin/subscribers?q=secret", "/admin/subscribers?q=nadia&status=pending", "/admin/articles?q=secret", "/admin/export", "/admin/newsletters"} {
			got := b.get(path)
			if strings.Contains(got.Text(), "Secret") || strings.Contains(got.Text(), "secret@example.org") || got.Find(`a[href^="/admin/hotline"]`).Length() != 0 {
				t.Errorf("%s sees the hotline at %s", role, path)
			}
		}
		if got := b.post("/admin/export", url.Values{}); strings.Contains(strings.ToLower(got.Text()), "secret@") {
			t.Errorf("%s gets a request in the export", role)
		}
		s.grant(a) // at once, in the session that is open
		if got := b.get("/admin/"); got.text(`nav a[href="/admin/hotline"] .badge`) != "2 new" {
			t.Errorf("%s with the right: %q", role, got.text("nav"))
		}
		if got := b.get("/admin/hotline"); got.status != http.StatusOK || !strings.Contains(got.text("main"), "Secret Nadia") {
			t.Errorf("%s with the right: %d", role, got.status)
		}
		if got := b.get("/admin/hotline/settings"); (got.status == http.StatusOK) != (role == account.Owner) {
			t.Errorf("%s and the settings: %d", role, got.status)
		}
	}
	if n := s.count("SELECT count(*) FROM hotline_request"); n != 2 {
		t.Errorf("%d requests are left", n)
	}
}

func TestHotlineDesk(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.requested()
	s.grant(s.account(account.Viewer))
	b := s.as(account.Viewer)
	if got := b.get("/admin/hotline?kind=complaint"); got.Find("tbody tr").Length() != 1 || !strings.Contains(got.text("tbody"), "Secret photo") {
		t.Errorf("filter: %q", got.text("tbody"))
	}
	if got := b.get("/admin/hotline?q=044123"); got.Find("tbody tr").Length() != 1 || got.Find(`tbody a[href="tel:+380441234567"]`).Length() != 1 {
		t.Errorf("search by phone: %q", got.text("tbody"))
	}
	if got := b.get("/admin/hotline?q=zzz"); got.Find(".empty a").Length() != 1 {
		t.Error("no way out of an empty search")
	}
	got := b.get("/admin/hotline/2")
	if said := got.Find(".said").Text(); said != "It shows\n\n<b>another</b> street." {
		t.Errorf("the text is not as it was written: %q", said)
	}
	if got := b.post("/admin/hotline/2", url.Values{"act": {"note"}, "from": {"new"}, "state": {"new"}, "note": {" "}}); got.status != http.StatusUnprocessableEntity || got.text("#e-note") == "" {
		t.Errorf("nothing to do: %d", got.status)
	}
	b.post("/admin/hotline/2", url.Values{"act": {"note"}, "from": {"new"}, "state": {"in progress"}, "note": {"Asked the author"}})
	got = b.get("/admin/hotline/2")
	if !strings.Contains(got.text(".timeline"), "In progress The viewer") || !strings.Contains(got.text(".timeline"), "Asked the author") || got.text("nav .badge") != "1 new" {
		t.Errorf("the step: %q", got.text("main"))
	}
	late := b.post("/admin/hotline/2", url.Values{"act": {"note"}, "from": {"new"}, "state": {"closed"}, "note": {"Too late"}})
	if late.status != http.StatusConflict || !strings.Contains(late.text("main"), "colleague") || late.Find("#f-note").Text() != "Too late" || late.Find("input[name=from]").AttrOr("value", "") != "in progress" {
		t.Errorf("a colleague was faster: %d %q", late.status, late.text("form"))
	}
	for _, bad := range []url.Values{{"act": {"note"}, "from": {"new"}, "state": {"lost"}}, {"act": {"burn"}}} {
		if got := b.post("/admin/hotline/2", bad); got.status != http.StatusBadRequest {
			t.Errorf("%v: %d", bad, got.status)
		}
	}
	b.post("/admin/hotline/1", url.Values{"act": {"erase"}})
	if got := b.get("/admin/hotline/1"); got.Find(".notice.bad").Length() != 1 {
		t.Error("erased without being sure")
	}
	b.post("/admin/hotline/1", url.Values{"act": {"erase"}, "sure": {"yes"}})
	if got := b.get("/admin/hotline/1"); got.status != http.StatusNotFound {
		t.Errorf("erased: %d", got.status)
	}
	for act, object := range map[string]string{"hotline.state": "hotline request 2", "hotline.erase": "hotline request 1"} {
		if n := s.count("SELECT count(*) FROM audit_event WHERE act = $1 AND object = $2 AND account_id IS NOT NULL", act, object); n != 1 {
			t.Errorf("%d of %s in the trail", n, act)
		}
	}
	if n := s.count("SELECT count(*) FROM audit_event e WHERE e::text LIKE '%Secret%' OR e::text LIKE '%author%'"); n != 0 {
		t.Error("the trail tells what was said")
	}
}

// After a flood the inbox closes what is ticked, or a page at once, without a
// script; each has its entry in the trail, and nothing of a colleague's is undone.
func TestHotlineClosesMany(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.requested()
	for i := range hotlineShown + 2 {
		in := hotline.Submission{Request: hotline.Request{Kind: hotline.Callback, Language: "en", Phone: fmt.Sprint(4412340000 + i)}, Attested: true, Challenged: true}
		if _, err := s.hotline.Submit(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	s.grant(s.account(account.Viewer))
	b := s.as(account.Viewer)
	trail := func(want int) {
		t.Helper()
		if n := s.count(`SELECT count(DISTINCT object) FROM audit_event WHERE act = 'hotline.state' AND detail @> '{"state": "closed"}' AND account_id IS NOT NULL`); n != want {
			t.Errorf("%d closed in the trail, want %d", n, want)
		}
	}
	said := func(got answer, words, notice string) {
		t.Helper()
		if got := b.get(got.header.Get("Location")).text(notice); got != words {
			t.Errorf("said %q, want %q", got, words)
		}
	}
	shown := b.get("/admin/hotline?kind=complaint")
	path := shown.Find("main form[method=post]").AttrOr("action", "")
	if path != "/admin/hotline?kind=complaint" || shown.Find("tbody label [name=request]").AttrOr("value", "") != "2 new" {
		t.Errorf("%q %s", path, shown.text("main"))
	}
	said(b.post(path, url.Values{"act": {"close"}, "shown": {"2 new"}}), "Nothing was closed: tick the requests first.", ".notice.bad")
	said(b.post(path, url.Values{"act": {"close"}, "request": {"2 new"}, "shown": {"2 new", "1 new"}}), "1 request is closed.", ".notice.good")
	trail(1)
	said(b.post(path, url.Values{"act": {"close"}, "request": {"2 new"}}), "Nothing was closed: a colleague has changed these requests meanwhile. They are shown as they are now.", ".notice.bad")
	if got := b.get(path); got.Find("[name=request], button[name=act]").Length() != 0 {
		t.Error("what is closed can be closed")
	}
	var all []string
	shown = b.get("/admin/hotline?state=new")
	shown.Find("[name=shown]").Each(func(_ int, in *goquery.Selection) { all = append(all, in.AttrOr("value", "")) })
	if got := shown.text("button[value='close all']"); len(all) != hotlineShown || got != "Close all 50 open on this page" {
		t.Errorf("%d on the page, %q", len(all), got)
	}
	b.post("/admin/hotline/1", url.Values{"act": {"note"}, "from": {"new"}, "state": {"in progress"}})
	said(b.post("/admin/hotline?state=new", url.Values{"act": {"close all"}, "shown": append(all[:hotlineShown-1], "1 new")}),
		"49 requests are closed. The others were changed by a colleague meanwhile and stay as they are.", ".notice.good")
	trail(50)
	if n := s.count("SELECT count(*) FROM hotline_request WHERE state <> 'closed'"); n != 4 {
		t.Errorf("%d are open", n)
	}
	for _, bad := range []url.Values{{"act": {"burn"}}, {"act": {"close"}, "request": {"x new"}}, {"act": {"close"}, "request": {"1 lost"}}, {"act": {"close all"}, "shown": append(all, "1 new")}} {
		if got := b.post("/admin/hotline", bad); got.status != http.StatusBadRequest {
			t.Errorf("%v: %d", bad, got.status)
		}
	}
}

func TestHotlineExport(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.requested()
	s.grant(s.account(account.Viewer))
	b := s.as(account.Viewer)
	s.clock.Advance(freshFor + 1)
	if got := b.post("/admin/hotline/export", url.Values{"password": {"wrong"}}); got.status != http.StatusUnprocessableEntity || strings.Contains(got.Text(), "Secret") {
		t.Errorf("a wrong password: %d", got.status)
	}
	got := b.post("/admin/hotline/export", url.Values{"password": {phrase}})
	rows, err := csv.NewReader(strings.NewReader(got.Text())).ReadAll()
	if err != nil || len(rows) != 3 || !strings.Contains(got.header.Get("Content-Disposition"), `attachment; filename="vistka-hotline-`) ||
		got.header.Get("Cache-Control") != "no-store" || rows[1][6] != "'+380 44 123 45 67" {
		t.Errorf("%v %v %v", rows, err, got.header)
	}
	if n := s.count(`SELECT count(*) FROM audit_event WHERE act = 'hotline.export.end' AND detail @> '{"requests": 2, "whole": true}'`); n != 1 {
		t.Error("not in the trail")
	}
	if got := b.post("/admin/hotline/export", url.Values{"state": {"lost"}}); got.status != http.StatusBadRequest {
		t.Errorf("no such state: %d", got.status)
	}
}

// What keeps the desk from being told in full stands on the pages of whoever can
// see to it, and goes when it is mended.
func TestHotlineSaysWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.seeded()
	s.requested()
	s.grant(s.account(account.Owner))
	s.grant(s.account(account.Viewer))
	s.account(account.Editor)
	owner, viewer, editor := s.as(account.Owner), s.as(account.Viewer), s.as(account.Editor)
	if got := owner.get("/admin/hotline"); got.Find(".notice.warn").Length() != 0 {
		t.Errorf("nothing is wrong: %q", got.text("main"))
	}
	if got := owner.get("/admin/"); strings.Contains(got.text("main"), "The hotline’s mails") {
		t.Errorf("nothing is wrong: %q", got.text("main"))
	}
	s.exec(`UPDATE hotline SET desk_keys = '{age1outlived}'`)
	if got := owner.get("/admin/hotline"); !strings.Contains(got.text(".notice.warn"), "keys in the settings cannot be used") || got.Find(`.notice a[href="/admin/hotline/settings"]`).Length() != 1 {
		t.Errorf("keys: %q", got.text("main"))
	}
	if got := viewer.get("/admin/hotline"); !strings.Contains(got.text(".notice.warn"), "Ask an owner") {
		t.Errorf("keys, to a viewer: %q", got.text("main"))
	}
	if got := viewer.get("/admin/"); !strings.Contains(got.text(".troubles"), "The hotline’s mails leave out what requests say") || got.Find(`.troubles a[href="/admin/hotline"]`).Length() != 1 {
		t.Errorf("keys, on Home: %q", got.text("main"))
	}
	if got := editor.get("/admin/"); strings.Contains(got.text("main"), "hotline") {
		t.Errorf("keys, on Home without the right: %q", got.text("main"))
	}
	got := owner.get("/admin/hotline/settings")
	if got.text("#e-desk_keys") == "" || strings.Contains(got.text("main"), "Nothing was saved") || got.Find("#f-desk_keys").Text() != "age1outlived" {
		t.Errorf("keys, in the settings: %q", got.text("main"))
	}
	s.exec(`UPDATE hotline SET desk_keys = '{}'`)
	s.exec(`UPDATE newsletter SET archived_at = created_at`)
	if got := owner.get("/admin/hotline"); !strings.Contains(got.text(".notice.warn"), "sender of a newsletter") || got.Find(`.notice a[href="/admin/newsletters"]`).Length() != 1 {
		t.Errorf("no newsletter: %q", got.text("main"))
	}
}

func TestHotlineSettings(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	owner, editor := s.account(account.Owner), s.account(account.Editor)
	s.grant(owner)
	b := s.as(account.Owner)
	if got := b.get("/admin/hotline"); !strings.Contains(got.text(".notice.warn"), "switched off") || got.Find(`.notice a[href="/admin/hotline/settings"]`).Length() != 1 {
		t.Errorf("shut: %q", got.text("main"))
	}
	form := url.Values{
		"open": {"yes"}, "phone": {"soon"}, "hours_en": {"We are available 24/7"}, "elsewhere_uk": {"Приходьте"}, "desk": {"desk"}, "desk_locale": {"uk"}, "keep_days": {"many"},
	}
	got := b.post("/admin/hotline/settings", form)
	if got.status != http.StatusUnprocessableEntity || got.Find(".error").Length() != 3 || got.Find("#f-phone").AttrOr("value", "") != "soon" || got.Find("#f-hours_en").Text() != "We are available 24/7" {
		t.Errorf("%d %q", got.status, got.text(".error"))
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	form.Set("desk_keys", id.String())
	got = b.post("/admin/hotline/settings", form)
	if !strings.Contains(got.text("#e-desk_keys"), "This was a secret key") || strings.Contains(got.Text(), "AGE-SECRET-KEY-1") {
		t.Errorf("a secret key: %d %q", got.status, got.text("#e-desk_keys"))
	}
	form.Set("desk_keys", " "+id.Recipient().String()+"\r\n")
	form.Set("phone", "+380 44 000 00 00")
	form.Set("desk", "desk@example.org\r\nnight@example.org")
	form.Set("keep_days", "30")
	b.post("/admin/hotline/settings", form)
	set, err := s.hotline.Settings(t.Context())
	if err != nil || !set.Open || set.Phone != "+380 44 000 00 00" || len(set.Desk) != 2 || set.KeepDays != 30 || !slices.Equal(set.DeskKeys, []string{id.Recipient().String()}) || set.Hours["en"] != "We are available 24/7" || set.Elsewhere["uk"] != "Приходьте" {
		t.Errorf("%+v %v", set, err)
	}
	got = b.get("/admin/hotline/settings")
	if got.Find(".notice.good").Length() != 1 || got.Find("#f-desk").Text() != "desk@example.org\nnight@example.org" || got.Find("#f-desk_keys").Text() != id.Recipient().String() {
		t.Errorf("%q", got.text("main"))
	}
	for i, path := range []string{"/hotline/callback", "/hotline/complaint"} {
		pasted, err := goquery.NewDocumentFromReader(strings.NewReader(got.Find("textarea.code").Eq(i).Text()))
		if err != nil || pasted.Find("form").AttrOr("action", "") != s.url+path+"?lang=en" || pasted.Find("input[name=website]").Length() != 1 || pasted.Find("p label input, p label textarea").Length() != 3 || pasted.Find("[hidden] input[name=website]").Length() != 1 {
			t.Errorf("the snippet for %s: %v", path, err)
			continue
		}
		if source := got.Find("textarea.code").Eq(i).Text(); !strings.Contains(source, `<a href="tel:+380440000000">+380 44 000 00 00</a>`) {
			t.Errorf("the number as it is pasted: %s", source)
		}
		words := strings.Join(strings.Fields(pasted.Text()), " ")
		for _, want := range []string{"+380 44 000 00 00", "We are available 24/7", "This form is not anonymous.", "Or contact us: ", "File a complaint", "Leave your contact details and we contact you"} {
			if !strings.Contains(words, want) {
				t.Errorf("the snippet for %s lacks %q: %s", path, want, words)
			}
		}
		other := []string{"/hotline/complaint", "/hotline/callback"}[i]
		if pasted.Find(`a[href="tel:+380440000000"]`).Length() != 1 || pasted.Find(`a[href="`+s.url+other+`?lang=en"]`).Length() != 1 {
			t.Errorf("the links of the snippet for %s: %s", path, got.Find("textarea.code").Eq(i).Text())
		}
	}
	if frame := b.get("/admin/hotline/settings?form=uk").Find("#html-frame").Text(); !strings.Contains(frame, s.url+"/embed/hotline?lang=uk") || !strings.Contains(frame, `referrerpolicy="no-referrer"`) {
		t.Errorf("the frame: %s", frame)
	}
	for i, id := range []string{"callback", "complaint", "frame"} {
		preview := got.Find("iframe.preview").Eq(i).AttrOr("src", "")
		shown, pasted := b.get(preview), got.Find("textarea.code").Eq(i).Text()
		if may := got.Find("iframe.preview").Eq(i).AttrOr("sandbox", "allow-top-navigation"); strings.Contains(may, "top-navigation") {
			t.Errorf("a link in the preview of %s takes the admin pages away: %q", id, may)
		}
		if preview != "/admin/hotline/settings/"+id+"?form=en" || shown.Find("form, iframe").Length() != 1 || !strings.Contains(shown.header.Get("Content-Security-Policy"), "frame-ancestors 'self'") {
			t.Errorf("the preview at %s: %q", preview, shown.text("main"))
		}
		for _, attr := range []string{"action", "src"} {
			if at := shown.Find("form, iframe").AttrOr(attr, ""); !strings.Contains(pasted, at) {
				t.Errorf("the preview at %s shows something else than is pasted: %s", preview, at)
			}
		}
	}
	if lost := b.get("/admin/hotline/settings/lost"); lost.status != http.StatusNotFound {
		t.Errorf("a preview of nothing: %d", lost.status)
	}
	right := func(id int64, on string) answer {
		return b.post("/admin/hotline/rights", url.Values{"account": {fmt.Sprint(id)}, "right": {on}})
	}
	right(editor.ID, "on")
	if a, err := s.accounts.Get(t.Context(), editor.ID); err != nil || !a.Hotline {
		t.Error("not given")
	}
	if n := s.count(`SELECT count(*) FROM audit_event WHERE act = 'account.hotline' AND account_id = $1 AND object = $2`, owner.ID, fmt.Sprintf("account %d", editor.ID)); n != 1 {
		t.Error("not in the trail")
	}
	if got := right(999, "on"); got.status != http.StatusNotFound {
		t.Errorf("nobody: %d", got.status)
	}
	if got := right(owner.ID, "off"); got.header.Get("Location") != "/admin/" || b.get("/admin/hotline").status != http.StatusForbidden {
		t.Error("one's own right cannot be given up")
	}
}
