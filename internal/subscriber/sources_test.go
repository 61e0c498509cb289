package subscriber

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ article, page, want string }{
		{"https://www.example.org/a/?utm_source=x#top", "https://example.org/", "https://example.org/a"},
		{"https://example.org/?p=7", "", "https://example.org?p=7"},
		{"", "https://mail.example.org/n/watch?email=nadia@example.org", "https://mail.example.org/n/watch"},
		{"", "", ""},
		{"", "javascript:alert(1)", ""},
	} {
		if got := place(c.article, c.page); got != c.want {
			t.Errorf("place(%q, %q) = %q", c.article, c.page, got)
		}
	}
	if long := place("https://example.org/"+strings.Repeat("ї", 900), ""); len(long) > maxPlace {
		t.Errorf("%d octets are too many for an index", len(long))
	}
}

// Browsers tell another site only the origin of a form's page.
func TestStanding(t *testing.T) {
	t.Parallel()
	const a = "https://example.org/a?p=7"
	for _, c := range []struct{ article, page, want string }{
		{a, "https://example.org", a},
		{a, "https://example.org/", a},
		{a, "https://example.org/other", "https://example.org/other"},
		{a, "https://example.org/?lang=uk", "https://example.org/?lang=uk"},
		{a, "https://elsewhere.example/", "https://elsewhere.example/"},
		{a, "http://example.org/", "http://example.org/"},
		{a, "https://mail.example.org/n/watch", "https://mail.example.org/n/watch"},
		{"", "https://example.org/", "https://example.org/"},
		{a, "", ""},
	} {
		if got := standing(c.article, c.page); got != c.want {
			t.Errorf("standing(%q, %q) = %q", c.article, c.page, got)
		}
	}
}

// Counts stay whatever becomes of the sign-ups: purged, made anew, their
// person erased.
func TestSources(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	from := func(email, article, page string) (link string) {
		t.Helper()
		r := f.request(email)
		r.ArticleURL, r.PageURL = article, page
		res, err := f.SignUp(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		h, err := f.open(res.Handle)
		if err != nil {
			t.Fatal(err)
		}
		return ConfirmToken(f.Keys, h.signupID, h.generation)
	}
	confirm := func(link string) {
		t.Helper()
		for range 2 {
			if _, err := f.Confirm(ctx, link, Evidence{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	const a, b, page = "https://example.org/a", "https://example.org/b", "https://mail.example.org/n/news"
	begin := f.Clock.Now()
	confirm(from("one@example.org", a+"/?utm_source=mail", ""))
	confirm(from("two@example.org", a, ""))
	from("three@example.org", a, "")
	confirm(from("four@example.org", "", page+"?lang=uk"))
	from("five@example.org", b, "")
	from("six@example.org", "", "")

	want := []Source{{a, 3, 2}, {page, 1, 1}, {"", 2, 0}}
	check := func(when string) {
		t.Helper()
		got, err := f.Sources(ctx, f.DB, f.news.ID, begin)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", when, got, err, want)
		}
	}
	check("at once")
	f.Clock.Advance(ConfirmWithin + purgeAfter + time.Second)
	if n, err := f.Purge(ctx); err != nil || n != 6 {
		t.Errorf("purged %d, %v", n, err)
	}
	check("after the purge")
	if n := f.number("SELECT count(*) FROM signup_count WHERE article_url = '" + b + "'"); n != 0 {
		t.Error("a place that won nobody has a row of its own")
	}
	if _, err := f.Erase(ctx, f.DB, address(t, "one@example.org")); err != nil {
		t.Fatal(err)
	}
	check("after an erasure")
	if got, err := f.Sources(ctx, f.DB, f.news.ID, f.Clock.Now()); err != nil || len(got) != 0 {
		t.Errorf("since now: %v, %v", got, err)
	}
	got, err := f.Won(ctx, f.DB, []Place{{f.news.ID, a}, {f.news.ID, b}, {f.news.ID + 1, a}, {f.news.ID, ""}})
	if err != nil || len(got) != 1 || got[Place{f.news.ID, a}] != 2 {
		t.Errorf("won: %v, %v", got, err)
	}
}
