package server_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// mailed makes and composes the instant edition of an article.
func (s *site) mailed(seq int) (id int64) {
	s.t.Helper()
	err := s.pool.QueryRow(s.t.Context(), `INSERT INTO edition (month, newsletter_id, kind, slot, locale, article_ids, created_at)
		SELECT '2026-11-01', newsletter_id, 'instant', released_at, 'en', ARRAY[id], released_at FROM article WHERE seq = $1 RETURNING id`, seq).Scan(&id)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.editions.Compose(s.t.Context(), id); err != nil {
		s.t.Fatal(err)
	}
	return id
}

func TestArchive(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if got := s.get("/archive/watch"); got.StatusCode != http.StatusOK || !strings.Contains(got.text("main"), "Nothing has been mailed yet") || got.doc.Find("main a[href^='/n/watch']").Length() != 1 {
		t.Errorf("empty: %d %q", got.StatusCode, got.text("main"))
	}
	for i := range 32 {
		s.release(i+1, time.Duration(40-i)*day, "Law")
	}
	id := s.mailed(32)
	got := s.get("/archive/watch")
	if got.StatusCode != http.StatusOK || got.doc.Find("article").Length() != 30 || got.text("article:first-of-type h2 a") == "" ||
		got.doc.Find("a[href='"+fmt.Sprintf("/archive/watch/%d", id)+"']").Length() != 1 {
		t.Errorf("%d, %d articles: %q", got.StatusCode, got.doc.Find("article").Length(), got.text("main"))
	}
	if got.Header.Get("X-Robots-Tag") != "" || !strings.HasPrefix(got.Header.Get("Cache-Control"), "public") || len(got.Cookies()) > 0 {
		t.Errorf("%v", got.Header)
	}
	if title := got.text("title"); title != "Media Watch: archive" {
		t.Errorf("the title: %q", title)
	}
	older := s.get(got.doc.Find("a[rel=next]").AttrOr("href", ""))
	if older.doc.Find("article").Length() != 2 || older.doc.Find("a[rel=next]").Length() != 0 {
		t.Errorf("older: %q", older.text("main"))
	}
	for selector, want := range map[string]string{
		"meta[property='og:title']": "Media Watch: archive", "meta[property='og:url']": baseURL + "/archive/watch", "meta[property='og:type']": "website",
		"meta[property='og:site_name']": "Media Watch",
	} {
		if have := got.doc.Find(selector).AttrOr("content", ""); have != want {
			t.Errorf("%s: %q", selector, have)
		}
	}
	if got.doc.Find("link[rel=canonical]").AttrOr("href", "") != baseURL+"/archive/watch" || got.doc.Find("link[rel=alternate][type='application/atom+xml']").AttrOr("href", "") != baseURL+"/archive/watch/feed.xml" {
		t.Error("no canonical address or no feed")
	}
	if got.doc.Find("article:first-of-type time").AttrOr("datetime", "") != "2026-11-15T09:00:00Z" {
		t.Errorf("when: %q", got.doc.Find("article:first-of-type time").AttrOr("datetime", ""))
	}
	s.exec(`UPDATE article SET withdrawn_at = now(), state = 'withdrawn' WHERE seq = 32`)
	if got := s.get("/archive/watch"); strings.Contains(got.body, "Headline 32<") {
		t.Error("what was withdrawn is still there")
	}
}

// The page of a mail has nothing of any reader's.
func TestEditionInTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.release(1, 2*day)
	s.exec(`UPDATE article SET image_url = 'https://news.example.org/a.jpg', content_html = '<p>It begins <a href="https://news.example.org/b">here</a>.</p><script>alert(1)</script>'`)
	path := fmt.Sprintf("/archive/watch/%d", s.mailed(1))
	got := s.get(path)
	if got.StatusCode != http.StatusOK || got.text("h1") != "Headline 1" || got.doc.Find(".prose a[href='https://news.example.org/b']").Length() != 1 || got.doc.Find("main script, main [style]").Length() != 0 {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	for _, private := range []string{"/unsubscribe/", "/preferences/", "/data/"} {
		if strings.Contains(got.body, private) {
			t.Errorf("a page for everybody leads to %s", private)
		}
	}
	if got.doc.Find("meta[property='og:image']").AttrOr("content", "") != "https://news.example.org/a.jpg" || !strings.Contains(got.Header.Get("Content-Security-Policy"), "img-src 'self' data: https:") {
		t.Errorf("picture: %v", got.Header)
	}
	if got.Header.Get("X-Robots-Tag") != "noindex" || got.doc.Find("link[rel=canonical]").Length() != 0 || got.doc.Find("meta[property='og:title']").AttrOr("content", "") != "Headline 1" {
		t.Errorf("%v", got.Header)
	}
	tag := got.Header.Get("ETag")
	if again := s.get(path, "If-None-Match", tag); tag == "" || again.StatusCode != http.StatusNotModified || again.body != "" {
		t.Errorf("asked again: %d", again.StatusCode)
	}
	if head := s.do(newRequest(http.MethodHead, path)); head.StatusCode != http.StatusOK || head.Header.Get("ETag") != tag || head.body != "" {
		t.Errorf("HEAD: %d %v", head.StatusCode, head.Header)
	}
	s.exec(`UPDATE article SET title = 'Corrected'`)
	if again := s.get(path, "If-None-Match", tag); again.StatusCode != http.StatusOK || again.text("h1") != "Corrected" {
		t.Errorf("after a correction: %d %q", again.StatusCode, again.text("h1"))
	}
	s.exec(`UPDATE edition SET kind = 'correction', note = 'It was 80 metres.'`)
	if got := s.get(path); got.text("h1") != "Correction: Corrected" || got.text("h1 > span[lang=en]") != "Correction:" ||
		got.text("h1 ~ section h2") != "What was wrong" || got.text("section h2 + p") != "It was 80 metres." {
		t.Errorf("the page of a correction: %s", got.text("main"))
	}
	s.exec(`UPDATE article SET withdrawn_at = now()`)
	if got := s.get(path); got.StatusCode != http.StatusGone || strings.Contains(got.body, "Corrected") || strings.Contains(got.Header.Get("Cache-Control"), "public") {
		t.Errorf("withdrawn: %d %v", got.StatusCode, got.Header)
	}
}

func TestArchiveFeed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.release(1, 2*day, "Law & order")
	s.release(2, day)
	s.exec(`UPDATE newsletter SET created_at = created_at - interval '1 year'`)
	s.exec("UPDATE article SET title = E'Bad \\x01 & <b>title</b>' WHERE seq = 2")
	got := s.get("/archive/watch/feed.xml")
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "application/atom+xml; charset=utf-8" || got.Header.Get("ETag") == "" {
		t.Fatalf("%d %v", got.StatusCode, got.Header)
	}
	var feed struct {
		XMLName xml.Name
		ID      string `xml:"id"`
		Updated string `xml:"updated"`
		Link    []struct {
			Rel  string `xml:"rel,attr"`
			Href string `xml:"href,attr"`
		} `xml:"link"`
		Entry []struct {
			ID    string `xml:"id"`
			Title string `xml:"title"`
			Link  struct {
				Href string `xml:"href,attr"`
			} `xml:"link"`
			Summary  string `xml:"summary"`
			Category struct {
				Term string `xml:"term,attr"`
			} `xml:"category"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal([]byte(got.body), &feed); err != nil {
		t.Fatalf("%v\n%s", err, got.body)
	}
	if feed.XMLName.Space != "http://www.w3.org/2005/Atom" || len(feed.Entry) != 2 || feed.Entry[0].Title != "Bad  & <b>title</b>" || feed.Entry[1].Category.Term != "Law & order" ||
		feed.Entry[1].Link.Href != "https://news.example.org/1" || feed.Entry[1].Summary != "What it says & means" || feed.ID == feed.Entry[0].ID || feed.Entry[0].ID == feed.Entry[1].ID {
		t.Errorf("%+v", feed)
	}
	if at, err := time.Parse(time.RFC3339, feed.Updated); err != nil || !at.Equal(s.clock.Now().Add(-day)) {
		t.Errorf("updated %q", feed.Updated)
	}
}

func TestArchiveThatIsClosed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.release(1, day)
	id := s.mailed(1)
	s.exec(`UPDATE newsletter SET public_archive = false`)
	for _, path := range []string{"/archive/watch", "/archive/watch/feed.xml", fmt.Sprintf("/archive/watch/%d", id), "/archive/nothing", "/archive/nothing/1"} {
		got := s.get(path)
		if got.StatusCode != http.StatusNotFound || got.text("h1") != "There is no public archive here" || strings.Contains(got.body, "Headline") {
			t.Errorf("%s: %d %q", path, got.StatusCode, got.text("main"))
		}
	}
	s.exec(`UPDATE newsletter SET public_archive = true, archived_at = now()`)
	if got := s.get("/archive/watch"); got.StatusCode != http.StatusOK || got.doc.Find("a[href^='/n/']").Length() != 0 {
		t.Errorf("of a newsletter that has ended: %d %q", got.StatusCode, got.text("main"))
	}
	if got := s.get("/archive/watch/?lang=uk"); got.StatusCode != http.StatusPermanentRedirect || got.Header.Get("Location") != "/archive/watch?lang=uk" {
		t.Errorf("with a slash: %d %v", got.StatusCode, got.Header)
	}
	for _, path := range []string{fmt.Sprintf("/archive/watch/0%d", id), "/archive/watch/999", "/archive/watch/99999999999999999999", "/archive/watch/x"} {
		if got := s.get(path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
}
