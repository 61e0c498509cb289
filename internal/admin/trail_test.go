package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"vistka/internal/account"
)

// No act without its line in the trail: where that cannot be written, nothing
// is done.
func TestAnActAndItsTrailAreOne(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n, articleID, subscriberID, editionID := s.seeded()
	s.grant(s.account(account.Owner))
	s.requested()
	b := s.as(account.Owner)
	feedID := s.count("SELECT id FROM feed")
	doubtful, _ := b.get("/admin/deliveries").Find("input[name=ref]").First().Attr("value")
	s.exec(`ALTER TABLE audit_event ADD CONSTRAINT full_disk CHECK (false) NOT VALID`)
	// What each act would change, summed up.
	state := func() string {
		t.Helper()
		var all string
		err := s.db.QueryRow(t.Context(), `SELECT concat_ws('; ',
			(SELECT string_agg(state, ',' ORDER BY id) FROM article), (SELECT string_agg(state, ',' ORDER BY id) FROM edition),
			(SELECT string_agg(state, ',' ORDER BY subscriber_id) FROM delivery), (SELECT string_agg(state, ',') FROM feed),
			(SELECT string_agg(filters::text, ',') FROM newsletter_feed), (SELECT count(*) FROM newsletter_feed),
			(SELECT count(*) FROM subscription WHERE state = 'active'), (SELECT count(*) FROM subscriber), (SELECT count(*) FROM suppression),
			(SELECT count(*) FROM newsletter WHERE archived_at IS NOT NULL), (SELECT count(*) FROM notice), (SELECT count(*) FROM owed),
			(SELECT string_agg(state, ',' ORDER BY id) FROM hotline_request), (SELECT count(*) FROM hotline_note), (SELECT h::text FROM hotline h),
			(SELECT string_agg(hotline::text, ',' ORDER BY id) FROM account))`).Scan(&all)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := state()
	subscriber := fmt.Sprintf("/admin/subscribers/%d", subscriberID)
	feed, letter := fmt.Sprintf("/admin/feeds/%d", feedID), fmt.Sprintf("/admin/newsletters/%d", n.ID)
	for _, try := range []struct {
		path string
		form url.Values
	}{
		{fmt.Sprintf("/admin/articles/%d", articleID), url.Values{"act": {"never"}}},
		{fmt.Sprintf("/admin/articles/%d", articleID), url.Values{"act": {"release"}, "sure": {"yes"}}},
		{fmt.Sprintf("/admin/editions/%d", editionID), url.Values{"act": {"pause"}}},
		{fmt.Sprintf("/admin/editions/%d", editionID), url.Values{"act": {"cancel"}}},
		{fmt.Sprintf("/admin/editions/%d", editionID), url.Values{"act": {"retry"}}},
		{"/admin/deliveries", url.Values{"act": {"sent"}, "ref": {doubtful}}},
		{subscriber, url.Values{"act": {"end"}, "newsletter": {fmt.Sprint(n.ID)}}},
		{subscriber, url.Values{"act": {"suppress"}}},
		{subscriber, url.Values{"act": {"erase"}, "sure": {"yes"}}},
		{feed, url.Values{"act": {"pause"}}},
		{feed, url.Values{"act": {"remove"}, "newsletter": {fmt.Sprint(n.ID)}}},
		{fmt.Sprintf("%s/filters?newsletter=%d", feed, n.ID), url.Values{"topics": {"Research"}}},
		{letter + "/archive", url.Values{"sure": {"yes"}}},
		{letter + "/test", url.Values{}},
		{"/admin/hotline/1", url.Values{"act": {"note"}, "from": {"new"}, "state": {"closed"}, "note": {"Done"}}},
		{"/admin/hotline/1", url.Values{"act": {"erase"}, "sure": {"yes"}}},
		{"/admin/hotline/settings", url.Values{"desk_locale": {"uk"}, "keep_days": {"1"}}},
		{"/admin/hotline/rights", url.Values{"account": {"1"}, "right": {"off"}}},
	} {
		if got := b.post(try.path, try.form); got.status != http.StatusInternalServerError {
			t.Errorf("%s %v: %d %s", try.path, try.form, got.status, got.text("h1"))
		}
		if after := state(); after != before {
			t.Fatalf("%s %v was done without a trail:\n%s\n%s", try.path, try.form, before, after)
		}
	}
}
