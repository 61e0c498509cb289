package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"vistka/internal/account"
)

// leads says how a page fails to lead to all that is wrong in its form: the title begins with
// it, the focus is where that is told, and each field and its words are tied together.
func leads(t *testing.T, name string, got answer, fields ...string) {
	t.Helper()
	if got.status != http.StatusUnprocessableEntity || !strings.HasPrefix(got.text("title"), "Error: ") {
		t.Errorf("%s: %d, title %q", name, got.status, got.text("title"))
	}
	focus := got.Find("[autofocus]")
	if focus.Length() != 1 {
		t.Errorf("%s: the focus is claimed %d times", name, focus.Length())
	}
	var listed []string
	for _, link := range focus.Find("a").EachIter() {
		href, _ := link.Attr("href")
		listed = append(listed, strings.TrimPrefix(href, "#f-"))
		if label := got.text("label[for=" + strings.TrimPrefix(href, "#") + "]"); label != link.Text() {
			t.Errorf("%s: %s is called %q, its label is %q", name, href, link.Text(), label)
		}
	}
	if id, _ := focus.Attr("id"); len(listed) == 0 && len(fields) == 1 {
		listed = []string{strings.TrimPrefix(id, "f-")}
	}
	if !slices.Equal(listed, fields) {
		t.Errorf("%s: leads to %v, want %v", name, listed, fields)
	}
	for _, field := range fields {
		e := got.Find("#f-" + field + "[aria-invalid=true]")
		by, _ := e.Attr("aria-describedby")
		if !slices.Contains(strings.Fields(by), "e-"+field) || !strings.HasPrefix(got.text("#e-"+field), "Error: ") {
			t.Errorf("%s: %s is described by %q: %q", name, field, by, got.text("#e-"+field))
		}
	}
}

func TestFormsLeadToWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n, _, _, _ := s.seeded()
	s.requested()
	s.grant(s.account(account.Owner))
	b := s.as(account.Owner)
	long := strings.Repeat("x", 3000)
	leads(t, "newsletter", b.post(fmt.Sprintf("/admin/newsletters/%d", n.ID), url.Values{
		"name": {""}, "from_name": {n.FromName}, "from_address": {n.FromAddress}, "language": {"xx"}, "timezone": {"Kyiv"}, "hour": {"99"}, "grace": {"0"},
		"wait": {"0"}, "accent": {"#000000"}, "thanks_uk": {long}, "default_cadence": {"hourly"},
	}), "name", "language", "default_cadence", "timezone", "hour", "thanks_uk")
	leads(t, "hotline settings", b.post("/admin/hotline/settings", url.Values{
		"phone": {"soon"}, "hours_en": {long}, "desk": {"x"}, "keep_days": {"0"}, "desk_locale": {"en"},
	}), "phone", "hours_en", "desk", "keep_days")
	leads(t, "feed", b.post("/admin/feeds", url.Values{"newsletter": {fmt.Sprint(n.ID)}, "url": {""}}), "url")
	leads(t, "note", b.post("/admin/hotline/2", url.Values{"act": {"note"}, "from": {"new"}, "state": {"new"}, "note": {" "}}), "note")
	if title := b.get(fmt.Sprintf("/admin/newsletters/%d", n.ID)).text("title"); !strings.Contains(title, n.Name) || strings.Contains(title, "Error") {
		t.Errorf("title of the form: %q", title)
	}
}

// No description of a field has blanks round it, and a form that is well has no focus of its own.
func TestFieldsAreDescribed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n, _, _, _ := s.seeded()
	s.account(account.Owner)
	got := s.as(account.Owner).get(fmt.Sprintf("/admin/newsletters/%d", n.ID))
	for _, field := range got.Find("[aria-describedby]").EachIter() {
		if by, _ := field.Attr("aria-describedby"); by != strings.TrimSpace(by) || got.Find("#"+by).Length() != 1 {
			t.Errorf("described by %q", by)
		}
	}
	if got.Find("[autofocus]").Length() != 0 {
		t.Error("a form that nobody has pressed claims the focus")
	}
}
