package admin

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"vistka/internal/account"
	"vistka/internal/hotline"
	"vistka/internal/newsletter"
)

func TestDecideArticle(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, id, _, _ := s.seeded()
	s.account(account.Editor)
	b := s.as(account.Editor)
	path := fmt.Sprintf("/admin/articles/%d", id)
	got := b.get(path)
	if got.Find("dl code").Length() == 0 || got.Find(".timeline li").Length() == 0 {
		t.Error("keys or events are not shown")
	}
	if got.Find(`button[value=hold]`).Length() != 0 {
		t.Error("what was there before cannot be held, but a button says so")
	}
	b.post(path, url.Values{"act": {"never"}, "reason": {"Not <i>news</i>"}})
	got = b.get(path)
	if !strings.Contains(got.text(".timeline"), "Not <i>news</i>") || !strings.Contains(got.text(".timeline"), "The editor") || got.Find(".notice.good").Length() != 1 {
		t.Errorf("the decision: %s", got.text("main"))
	}
	if b.get(path).Find(".notice").Length() != 0 {
		t.Error("the flash is said twice")
	}
	b.post(path, url.Values{"act": {"hold"}})
	if got = b.get(path); got.Find(".notice.bad").Length() != 1 {
		t.Error("an impossible act is not refused in words")
	}
	s.exec("UPDATE article SET url = url || '/gone' WHERE id = $1", id)
	b.post(path, url.Values{"act": {"release"}})
	if got = b.get(path); got.text(".state.released") != "" || got.Find(".notice.bad").Length() != 1 {
		t.Error("an article whose page is gone was released")
	}
	s.exec("UPDATE article SET url = replace(url, '/gone', '') WHERE id = $1", id)
	b.post(path, url.Values{"act": {"release"}})
	if got = b.get(path); got.text(".state.released") == "" {
		t.Errorf("not released: %s", got.text("main"))
	}
	if n := s.count("SELECT count(*) FROM audit_event WHERE act IN ('article.never', 'article.release')"); n != 2 {
		t.Errorf("%d audit events", n)
	}
	if got := b.get("/admin/articles/999"); got.status != http.StatusNotFound {
		t.Errorf("no such article: %d", got.status)
	}
	if got := b.get("/admin/articles?state=released"); got.Find("tbody tr").Length() != 1 {
		t.Error("the filter finds nothing")
	}
	if got := b.get("/admin/articles?q=zzz"); got.Find(`.empty a`).Length() != 1 {
		t.Error("no way out of an empty search")
	}
}

func TestSubscribers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n, _, id, _ := s.seeded()
	s.account(account.Editor)
	b := s.as(account.Editor)
	first := b.get("/admin/subscribers")
	next, ok := first.Find(`.next a`).Attr("href")
	if first.Find("tbody tr").Length() != 50 || !ok {
		t.Fatalf("%d rows, next %q", first.Find("tbody tr").Length(), next)
	}
	second := b.get(next)
	if second.Find("tbody tr").Length() != 10 || second.text("tbody tr:first-child th") == first.text("tbody tr:first-child th") {
		t.Error("the second page is not the rest")
	}
	if got := b.get("/admin/subscribers?q=000007"); got.Find("tbody tr").Length() != 1 {
		t.Errorf("search finds %d", got.Find("tbody tr").Length())
	}
	for _, bad := range []string{"?after=x", "?status=king"} {
		if got := b.get("/admin/subscribers" + bad); got.status != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, got.status)
		}
	}
	path := fmt.Sprintf("/admin/subscribers/%d", id)
	if got := b.get(path); !strings.Contains(got.text("main"), "550 5.1.1 <nobody> unknown") {
		t.Error("the delivery's reply is not shown")
	}
	b.post(path, url.Values{"act": {"end"}, "newsletter": {fmt.Sprint(n.ID)}})
	if got := b.get(path); got.text(".state.ended") == "" || got.text(".timeline") == "" {
		t.Error("not ended, or without its consent event")
	}
	b.post(path, url.Values{"act": {"suppress"}})
	if got := b.get(path); got.Find(".notice.warn").Length() != 1 || got.Find("button[value=lift]").Length() != 1 {
		t.Error("not suppressed")
	}
	b.post(path, url.Values{"act": {"lift"}})
	if got := b.get(path); got.Find(".notice.warn").Length() != 0 {
		t.Error("still suppressed")
	}
	if _, err := s.db.Exec(t.Context(), "INSERT INTO suppression (address_hash, reason, at) SELECT address_hash, 'not me', now() FROM subscriber WHERE id = $1", id); err != nil {
		t.Fatal(err)
	}
	if got := b.get(path); got.Find("button[value=lift]").Length() != 1 {
		t.Error("“this wasn’t me” cannot be lifted")
	}
	b.post(path, url.Values{"act": {"lift"}})
	if s.count("SELECT count(*) FROM suppression") != 0 ||
		s.count(`SELECT count(*) FROM audit_event WHERE act = 'subscriber.lift' AND detail @> '{"reason": "not me"}'`) != 1 {
		t.Error("“this wasn’t me” is not lifted, or nobody answers for it")
	}
	b.post(path, url.Values{"act": {"erase"}})
	if got := b.get(path); got.status != http.StatusOK {
		t.Error("erased without being sure")
	}
	b.post(path, url.Values{"act": {"erase"}, "sure": {"yes"}})
	if got := b.get(path); got.status != http.StatusNotFound {
		t.Errorf("still there: %d", got.status)
	}
}

func TestEditions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, _, _, id := s.seeded()
	s.account(account.Editor)
	b := s.as(account.Editor)
	if got := b.get("/admin/editions"); got.Find("tbody tr").Length() != 1 || !strings.Contains(got.text("tbody tr"), "60") {
		t.Errorf("list: %s", got.text("tbody"))
	}
	path := fmt.Sprintf("/admin/editions/%d", id)
	got := b.get(path)
	if !strings.Contains(got.text("table"), "550 5.1.1") || got.text(".gauge .num") != "66%" {
		t.Errorf("counts: %s, %s", got.text(".num"), got.text(".figures"))
	}
	for _, step := range []struct{ act, state string }{{"pause", "paused"}, {"resume", "open"}, {"cancel", "cancelled"}} {
		b.post(path, url.Values{"act": {step.act}})
		if got := b.get(path); got.Find(".state."+step.state).Length() == 0 {
			t.Errorf("after %s: %s", step.act, got.text("main"))
		}
	}
	b.post(path, url.Values{"act": {"resume"}})
	if got := b.get(path); got.Find(".notice.bad").Length() != 1 {
		t.Error("a cancelled edition was resumed")
	}
	held := b.get("/admin/deliveries")
	ref, _ := held.Find("input[name=ref]").First().Attr("value")
	if held.Find("button[value=again]").Length() != 0 {
		t.Error("what belongs to a cancelled edition is offered to be sent again")
	}
	b.post("/admin/deliveries", url.Values{"act": {"again"}, "ref": {ref}})
	if got := b.get("/admin/deliveries"); got.Find(".notice.bad").Length() != 1 || got.Find("tbody tr").Length() != 10 {
		t.Errorf("sending it again is not refused in words: %s", got.text("main"))
	}
	if held.Find("tbody tr").Length() != 10 {
		t.Fatalf("%d in doubt", held.Find("tbody tr").Length())
	}
	b.post("/admin/deliveries", url.Values{"act": {"sent"}, "ref": {ref}})
	if got := b.get("/admin/deliveries"); got.Find("tbody tr").Length() != 9 {
		t.Errorf("%d are left", got.Find("tbody tr").Length())
	}
	if got := b.post("/admin/deliveries", url.Values{"act": {"sent"}, "ref": {"1.x"}}); got.status != http.StatusBadRequest {
		t.Errorf("a broken reference: %d", got.status)
	}
}

// naughty is what people paste: markup, templates, directions, formulas.
const naughty = "\"><script>alert(1)</script>{{.}}'\u202e =cmd()"

func TestNewsletterFormKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(account.Owner)
	b := s.as(account.Owner)
	form := url.Values{}
	n := newsletter.New()
	fields := []string{"origins", "hour", "grace", "thanks_en", "thanks_uk"}
	for field := range textFields(&n) {
		fields = append(fields, field)
	}
	for _, field := range fields {
		form.Set(field, field+naughty)
	}
	got := b.post("/admin/newsletters/new", form)
	if got.status != http.StatusUnprocessableEntity {
		t.Fatalf("status %d", got.status)
	}
	if got.Find("main script").Length() != 0 {
		t.Fatal("markup came through")
	}
	for _, field := range fields {
		el := got.Find("#f-" + field)
		value, _ := el.Attr("value")
		if el.Is("textarea") {
			value = el.Text()
		}
		if !el.Is("select") && value != field+naughty {
			t.Errorf("%s shows %q", field, value)
		}
	}
	for _, field := range []string{"slug", "from_address", "reply_to", "origins", "hour", "grace", "accent", "site_url"} {
		if got.Find("#e-"+field).Length() != 1 {
			t.Errorf("%s has no words of what is wrong", field)
		}
		if d, _ := got.Find("#f-" + field).Attr("aria-describedby"); !strings.Contains(d, "e-"+field) {
			t.Errorf("%s is not tied to its error: %q", field, d)
		}
	}
	for field, value := range formOf(n).Values {
		form.Set(field, value)
	}
	for field, value := range map[string]string{"name": strings.ReplaceAll(naughty, "\u202e", ""), "slug": "herald", "from_name": "Desk", "from_address": "news@example.org", "grace": "5", "thanks_en": "Welcome in!", "thanks_uk": ""} {
		form.Set(field, value)
	}
	form.Set("origins", "https://news.example.org\r\nhttps://www.example.org")
	if got := b.post("/admin/newsletters/new", form); got.status != http.StatusSeeOther {
		t.Fatalf("not saved: %s", got.text(".error"))
	}
	list, err := newsletter.List(t.Context(), s.db)
	if err != nil || len(list) != 1 || len(list[0].Origins) != 2 || list[0].Grace.Minutes() != 5 || len(list[0].Thanks) != 1 || list[0].Thanks["en"] != "Welcome in!" {
		t.Fatalf("stored %+v, %v", list, err)
	}
	for _, path := range []string{"/admin/newsletters", "/admin/", "/admin/subscribers", "/admin/articles", "/admin/feeds", "/admin/export", fmt.Sprintf("/admin/newsletters/%d", list[0].ID)} {
		if got := b.get(path); got.status != http.StatusOK || got.Find("main script").Length() != 0 {
			t.Errorf("%s: %d, markup came through", path, got.status)
		}
	}
	form.Set("slug", "another")
	if got := b.post(fmt.Sprintf("/admin/newsletters/%d", list[0].ID), form); got.status != http.StatusSeeOther {
		t.Errorf("edit: %s", got.text(".error"))
	}
	if n := s.count("SELECT count(*) FROM newsletter WHERE slug = 'herald'"); n != 1 {
		t.Error("the slug was changed: it is in List-Id and in forms on sites")
	}
	b.post(fmt.Sprintf("/admin/newsletters/%d/test", list[0].ID), nil)
	if n := s.count("SELECT count(*) FROM notice WHERE kind = 'test' AND address = 'owner@example.org'"); n != 1 {
		t.Errorf("%d tests", n)
	}
}

func TestFeeds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n := s.newsletter("news")
	s.account(account.Owner)
	b := s.as(account.Owner)
	q := fmt.Sprintf("?newsletter=%d&url=", n.ID)
	got := b.get("/admin/feeds/check" + q + url.QueryEscape("https://news.example.org/feed/"))
	if !strings.Contains(got.text("section table"), "First") {
		t.Errorf("the dry check: %s", got.text("main"))
	}
	if s.count("SELECT count(*) FROM feed")+s.count("SELECT count(*) FROM article") != 0 {
		t.Error("the check stored something")
	}
	got = b.get("/admin/feeds/check" + q + url.QueryEscape("https://broken.example/"+naughty))
	if v, _ := got.Find("#f-url").Attr("value"); got.text("#e-url") == "" || !strings.Contains(v, "<script>") {
		t.Errorf("error %q, kept %q", got.text("#e-url"), v)
	}
	form := url.Values{"newsletter": {fmt.Sprint(n.ID)}, "url": {"https://news.example.org/feed/"}}
	long := url.Values{"newsletter": form["newsletter"], "url": {"https://news.example.org/feed/" + strings.Repeat("x", 2000)}}
	if got := b.post("/admin/feeds", long); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.text("#e-url"), "up to 2,000 characters") {
		t.Errorf("an address that is too long: %d %q", got.status, got.text("#e-url"))
	}
	if got := b.post("/admin/feeds", form); got.status != http.StatusSeeOther {
		t.Fatalf("add: %d", got.status)
	}
	if got := b.get("/admin/feeds"); !strings.Contains(got.text("tbody"), "Herald") {
		t.Errorf("list: %s", got.text("tbody"))
	}
	id := s.count("SELECT id FROM feed")
	for _, act := range []string{"pause", "resume", "remove"} {
		b.post(fmt.Sprintf("/admin/feeds/%d", id), url.Values{"act": {act}, "newsletter": {fmt.Sprint(n.ID)}})
		if got := b.get("/admin/feeds"); got.Find(".notice.good").Length() != 1 {
			t.Errorf("%s: %s", act, got.text(".notice"))
		}
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.seeded()
	s.account(account.Editor)
	b := s.as(account.Editor)
	send := func(form url.Values) (*http.Response, string) {
		t.Helper()
		resp, err := b.PostForm(s.url+"/admin/export", form)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(body)
	}
	resp, body := send(url.Values{"newsletter": {"news"}, "status": {"active"}})
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || len(rows) != 61 || !slices.Contains(resp.TransferEncoding, "chunked") {
		t.Errorf("%d rows, %v, transfer %v", len(rows), err, resp.TransferEncoding)
	}
	if d := resp.Header.Get("Content-Disposition"); !strings.HasPrefix(d, `attachment; filename="vistka-`) || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", resp.Header)
	}
	if n := s.count(`SELECT count(*) FROM audit_event WHERE act = 'export' AND object = 'newsletter news' AND detail @> '{"status": "active"}'
		OR act = 'export.end' AND object = 'newsletter news' AND detail @> '{"subscribers": 60, "whole": true}'`); n != 2 {
		t.Errorf("%d audit events", n)
	}
	for _, form := range []url.Values{{"newsletter": {"none"}}, {"status": {"king"}}} {
		if resp, _ := send(form); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%v: %d", form, resp.StatusCode)
		}
	}

	s.clock.Set(s.clock.Now().Add(freshFor))
	resp, body = send(url.Values{"newsletter": {"news"}})
	if resp.StatusCode != http.StatusUnprocessableEntity || strings.Contains(body, "seed-0000") || !strings.Contains(body, `name="password"`) {
		t.Errorf("after %v without a password: %d", freshFor, resp.StatusCode)
	}
	if resp, _ = send(url.Values{"password": {"wrong"}}); resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("wrong password: %d", resp.StatusCode)
	}
	if n := s.count("SELECT count(*) FROM audit_event WHERE act = 'export.refused' AND account_id IS NOT NULL"); n != 2 {
		t.Errorf("%d refusals are in the trail", n)
	}
	if resp, body = send(url.Values{"password": {phrase}}); resp.StatusCode != http.StatusOK || !strings.Contains(body, "seed-0000") {
		t.Errorf("right password: %d", resp.StatusCode)
	}
	if resp, _ = send(url.Values{}); resp.StatusCode != http.StatusOK {
		t.Errorf("not fresh after the password: %d", resp.StatusCode)
	}
	s.clock.Set(s.clock.Now().Add(freshFor))
	for range 12 {
		resp, _ = send(url.Values{"password": {"wrong"}})
	}
	if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "900" {
		t.Errorf("guessing goes on: %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
}

func TestEveryPageInBothLanguages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n, articleID, subscriberID, editionID := s.seeded()
	a := s.account(account.Owner)
	s.grant(a)
	s.requested()
	b := s.as(account.Owner)
	for _, code := range []string{"en", "uk"} {
		if err := s.accounts.SetLocale(t.Context(), a.ID, code); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{
			"/admin/", "/admin/articles", fmt.Sprintf("/admin/articles/%d", articleID), "/admin/editions", fmt.Sprintf("/admin/editions/%d", editionID),
			"/admin/deliveries", "/admin/subscribers", fmt.Sprintf("/admin/subscribers/%d", subscriberID), "/admin/newsletters", "/admin/newsletters/new",
			fmt.Sprintf("/admin/newsletters/%d", n.ID), "/admin/feeds", "/admin/feeds/check?url=x", fmt.Sprintf("/admin/feeds/%d/filters?newsletter=%d", s.count("SELECT id FROM feed"), n.ID), "/admin/export",
			"/admin/hotline", "/admin/hotline/1", "/admin/hotline/2", "/admin/hotline/export", "/admin/hotline/settings",
		} {
			got := b.get(path)
			if got.status != http.StatusOK || got.Find("h1").Length() != 1 || got.Find("script:not([src^='/static/live']):not([src^='/static/copy']):not([src^='/static/fit'])").Length() != 0 {
				t.Errorf("%s %s: %d, %d h1", code, path, got.status, got.Find("h1").Length())
			}
			got.Find("input:not([type=hidden]), select, textarea").Each(func(_ int, field *goquery.Selection) {
				id, _ := field.Attr("id")
				if field.Closest("label").Length() == 0 && got.Find(`label[for="`+id+`"]`).Length() != 1 {
					name, _ := field.Attr("name")
					t.Errorf("%s: field %q has no label", path, name)
				}
			})
		}
	}
	if problems := s.catalog.Problems(); len(problems) > 0 {
		for _, p := range problems {
			if strings.Contains(p, "admin.") || strings.Contains(p, "newsletter.error") || strings.Contains(p, "account.") {
				t.Error(p)
			}
		}
	}
	for _, key := range slices.Concat(newsletter.ErrorKeys(), hotline.ErrorKeys()) {
		if !s.catalog.For("uk").Has(key) {
			t.Errorf("no words for %s", key)
		}
	}
}
