package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// composed makes an edition of these articles and its mail.
func (s *site) composed(kind, locale, note string, seqs ...int) (path string) {
	s.t.Helper()
	var id int64
	err := s.pool.QueryRow(s.t.Context(), `INSERT INTO edition (month, newsletter_id, kind, slot, locale, article_ids, created_at, note)
		SELECT '2026-11-01', $1, $2, $3::timestamptz, $4, array_agg(id), $3, $5 FROM article WHERE seq = ANY ($6::int[]) RETURNING id`,
		s.n.ID, kind, s.clock.Now(), locale, note, seqs).Scan(&id)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.editions.Compose(s.t.Context(), id); err != nil {
		s.t.Fatal(err)
	}
	return fmt.Sprintf("/archive/watch/%d", id)
}

// A correction reaches whoever reads the archive, its feed or the page of the
// mail that had the mistake.
func TestCorrectionInTheArchive(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.exec(`UPDATE newsletter SET timezone = 'Europe/Kyiv'`)
	s.release(1, 2*day)
	s.release(2, day)
	s.release(3, 3*day)
	foreign := s.composed("instant", "uk", "", 3) // its only reader has the pages in another language
	first, digest := s.composed("instant", "en", "", 1), s.composed("daily", "en", "", 1, 2)
	tag := s.get("/archive/watch/feed.xml").Header.Get("ETag")
	s.clock.Advance(time.Hour)
	s.composed("correction", "uk", "Було 80 метрів.", 1)
	correction := s.composed("correction", "en", "It was 80 metres.", 1)
	other := s.composed("correction", "en", "It was 30 metres.", 3)
	s.clock.Advance(time.Hour)
	regretted := s.composed("correction", "en", "It was 800 metres.", 1)
	s.exec(`UPDATE edition SET state = 'cancelled', resume_at = now() WHERE note = 'It was 800 metres.'`)
	later := s.composed("weekly", "en", "", 1, 2)

	for path, want := range map[string]string{
		"/archive/watch": "Corrected on 24 November 2026", "/archive/watch?lang=uk": "Виправлено 24 листопада 2026",
		first: "Corrected on 24 November 2026", first + "?lang=uk": "Виправлено 24 листопада 2026",
		digest: "Corrected on 24 November 2026: Headline 1",
	} {
		got := s.get(path)
		if a := got.doc.Find("main a:has(time[datetime='2026-11-24T12:00:00+02:00']):not([href='" + other + "'])"); a.Length() != 1 || !strings.HasPrefix(a.Text(), want) || a.AttrOr("href", "") != correction {
			t.Errorf("%s: %q leads to %q, want %q to %s", path, a.Text(), a.AttrOr("href", ""), want, correction)
		}
	}
	if got := s.get("/archive/watch?lang=uk"); got.doc.Find("a[href='"+first+"']").Length() != 1 || got.doc.Find("article:has(a[href='"+correction+"'])").Length() != 1 {
		t.Errorf("the list: %s", got.text("main"))
	}
	if got := s.get("/archive/watch"); got.doc.Find("article:has(a[href='"+other+"']) a[href='"+foreign+"']").Length() != 1 {
		t.Errorf("a correction stands for the mail that it corrects: %s", got.text("main"))
	}
	if got := s.get(digest + "?lang=uk"); got.text("main a time ~ bdi[lang=en]") != "Headline 1" {
		t.Errorf("a headline in another language: %s", got.text("main"))
	}
	for _, path := range []string{correction, later} {
		if got := s.get(path); got.doc.Find("main a time").Length() != 0 {
			t.Errorf("%s, with the right text, speaks of a mistake: %q", path, got.text("main"))
		}
	}
	if got := s.get(correction); got.doc.Find("meta[property='og:title']").AttrOr("content", "") != "Correction: Headline 1" {
		t.Error("a correction is shared under the title of the article")
	}

	feed := s.get("/archive/watch/feed.xml")
	for _, want := range []string{
		"<updated>2026-11-24T10:00:00Z</updated>", `<link rel="related" type="text/html" href="` + baseURL + correction + `" title="Corrected on 24 November 2026">`,
		"<summary>Corrected on 24 November 2026. What it says &amp; means</summary>", "<published>2026-11-22T09:00:00Z</published>",
	} {
		if !strings.Contains(feed.body, want) {
			t.Errorf("the feed has no %s", want)
		}
	}
	if feed.StatusCode != http.StatusOK || feed.Header.Get("ETag") == tag || strings.Contains(feed.body, regretted) {
		t.Errorf("%v\n%s", feed.Header, feed.body)
	}
	s.exec(`UPDATE newsletter SET language = 'uk'`)
	if feed := s.get("/archive/watch/feed.xml"); !strings.Contains(feed.body, "<summary>Виправлено 24 листопада 2026\u00a0р. What") {
		t.Errorf("in Ukrainian: %s", feed.body)
	}
}
