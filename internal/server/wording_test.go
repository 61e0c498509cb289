package server_test

import (
	"testing"

	"vistka/internal/locale"
	"vistka/internal/subscriber"
	"vistka/web"
)

// A pasted form names the version of the words beside its button: the proof holds
// them while they are still the newsletter's, and only from a listed site.
func TestWordsOfAPastedForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	catalog, err := locale.Load(web.FS)
	if err != nil {
		t.Fatal(err)
	}
	words := subscriber.FormWording(catalog.For("en"), s.n)
	post := func(email, version string, headers ...string) {
		form := foreign(email)
		form.Set("wording", version)
		s.post("/subscribe", form, headers...)
	}
	post("a@example.org", subscriber.WordingVersion(words), "Origin", siteOrigin)
	post("b@example.org", "00000000", "Origin", siteOrigin)
	post("c@example.org", subscriber.WordingVersion(words))
	for address, want := range map[string]string{"a": words, "b": subscriber.ForeignWording, "c": subscriber.ForeignWording} {
		var got string
		if err := s.pool.QueryRow(t.Context(), "SELECT wording FROM signup WHERE address = $1", address+"@example.org").Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", address, got, err, want)
		}
	}
}
