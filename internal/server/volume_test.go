package server_test

import (
	"strings"
	"testing"
)

// Where no cadence can be told from another by how much it brings, the page says
// why, once and beside all of them.
func TestVolumeThatIsNotKnownIsSaidOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := "/preferences/" + s.subscribed("nadia@example.org").Preferences
	const unknown, nothing = "once there are two weeks of articles to count", "In the last three months no mail would have come"
	said := func(name, want, not string) {
		t.Helper()
		got := s.get(path)
		group := got.doc.Find("fieldset:has([name=cadence])")
		hint := got.doc.Find("#" + group.AttrOr("aria-describedby", "none")).Text()
		if !strings.Contains(hint, want) || strings.Count(got.text("main"), want) != 1 || strings.Contains(got.text("main"), not) || group.Find("small").Length() != 0 {
			t.Errorf("%s: %q", name, group.Text())
		}
	}
	said("no article yet", unknown, nothing)
	s.release(1, 13*day)
	said("less than a fortnight of them", unknown, nothing)
	s.exec("UPDATE article SET released_at = released_at - interval '200 days'")
	said("none for long", nothing, unknown)
	s.release(2, day)
	if got := s.get(path); got.doc.Find("fieldset:has([name=cadence]) small").Length() != 4 || strings.Contains(got.text("main"), nothing) {
		t.Errorf("with numbers: %q", got.text("main"))
	}
}
