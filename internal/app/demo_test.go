package app_test

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"vistka/internal/article"
	"vistka/internal/config"
	"vistka/internal/demo"
	"vistka/internal/newsletter"
	"vistka/internal/subscriber"
)

// A demo that is started on an old data directory with its site elsewhere sends
// nobody to the old address, and takes no article for a new one.
func TestTheDemoFollowsItsSite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	keep := func(c *config.Config) { c.DataDir, c.DatabaseURL = dir, "" }
	var old string
	var before []article.Row
	t.Run("first", func(t *testing.T) {
		s := newStage(t, keep)
		old, before = strings.TrimSuffix(s.ready.SiteURL, "/"), s.articles()
	})
	// The old port is taken, by this or, if that fails, by somebody else already.
	if taken, err := net.Listen("tcp", strings.TrimPrefix(old, "http://")); err == nil {
		defer taken.Close()
	}
	t.Run("then elsewhere", func(t *testing.T) {
		s := newStage(t, keep)
		site := strings.TrimSuffix(s.ready.SiteURL, "/")
		list, err := newsletter.List(t.Context(), s.app.Pool)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range list {
			if n.PrivacyURL != site+demo.PrivacyPath(n.Language) {
				t.Errorf("%s says what becomes of an address at %s", n.Slug, n.PrivacyURL)
			}
			if !strings.HasPrefix(n.SiteURL, site) || !slices.Equal(n.Origins, []string{site}) {
				t.Errorf("%s is of %s and takes sign-ups from %v", n.Slug, n.SiteURL, n.Origins)
			}
			feeds, err := article.ListFeeds(t.Context(), s.app.Pool, n.ID)
			if err != nil || len(feeds) != 1 || !strings.HasPrefix(feeds[0].URL, site) {
				t.Errorf("%s reads %v, %v", n.Slug, feeds, err)
			}
		}
		after := s.articles()
		if len(after) != len(before) || len(after) == 0 {
			t.Errorf("%d articles, and %d before", len(after), len(before))
		}
		for _, a := range after {
			if !strings.HasPrefix(a.URL, site) || a.State != article.Baseline {
				t.Errorf("%s is %s", a.URL, a.State)
			}
		}
	})
}

// articles are all that is known.
func (s *stage) articles() []article.Row {
	s.t.Helper()
	rows, _, err := article.List(s.t.Context(), s.app.Pool, article.Filter{})
	if err != nil {
		s.t.Fatal(err)
	}
	return rows
}

// The forms of the example site are as those that the admin pages give: the proof of
// a sign-up there has their words, and a request to the hotline leads back.
func TestTheDemosFormsSayWhereTheyStand(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	list, err := newsletter.List(t.Context(), s.app.Pool)
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	for _, n := range list {
		rows, _, err := article.List(t.Context(), s.app.Pool, article.Filter{NewsletterID: n.ID})
		if err != nil || len(rows) == 0 {
			t.Fatal(rows, err)
		}
		doc, err := goquery.NewDocumentFromReader(strings.NewReader(s.get(rows[0].URL)))
		if err != nil {
			t.Fatal(err)
		}
		words := subscriber.FormWording(s.app.Catalog.For(n.Language), n)
		form := doc.Find(".signup form")
		for line := range strings.Lines(words) {
			if !strings.Contains(form.Text(), strings.TrimSpace(line)) {
				t.Errorf("%s: the form does not say %q: %s", n.Language, line, form.Text())
			}
		}
		if got := form.Find("[name=wording]").AttrOr("value", ""); got != subscriber.WordingVersion(words) {
			t.Errorf("%s: the form names the words %q", n.Language, got)
		}
		if got := doc.Find(".hotline [name=article]").AttrOr("value", ""); got != rows[0].URL {
			t.Errorf("%s: the hotline's form stands under %q", n.Language, got)
		}
	}
}
