package locale

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"vistka/web"
)

func load(t *testing.T, files map[string]string) *Catalog {
	t.Helper()
	c, err := Load(mapFS(files))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mapFS(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys["locales/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

var words = map[string]string{
	"en.toml": "[signup.button]\nother = \"Subscribe\"\n[signup.hello]\nother = \"Hello {{.name}} & {{.other}}\"\n" +
		"[mail.articles]\none = \"{{.n}} article in {{.where}}\"\nother = \"{{.n}} articles in {{.where}}\"\n",
	"uk.toml": "[signup.button]\nother = \"Підписатися\"\n[signup.hello]\nother = \"Вітаємо, {{.name}} і {{.other}}\"\n" +
		"[mail.articles]\none = \"{{.n}} стаття\"\nfew = \"{{.n}} статті\"\nmany = \"{{.n}} статей\"\n" +
		"other = \"{{.n}} статті\"\n",
}

func TestMessages(t *testing.T) {
	t.Parallel()
	c := load(t, words)
	en, uk := c.For("en"), c.For("uk")
	for _, x := range []struct{ got, want string }{
		{en.T("signup.button"), "Subscribe"},
		{uk.T("signup.button"), "Підписатися"},
		{en.T("signup.hello", "name", "<b>", "other", 3), "Hello <b> & 3"},
		{en.T("signup.hello", "name", "a"), "[signup.hello]"},
		{en.T("signup.nothing"), "[signup.nothing]"},
		{en.N("signup.nothing", 1), "[signup.nothing]"},
		{en.N("mail.articles", 2), "[mail.articles]"},
		{en.N("mail.articles", 1, "where", "x"), "1 article in x"},
		{en.N("mail.articles", 1234, "where", "x"), "1,234 articles in x"},
		{uk.N("mail.articles", 1234567), "1\u00a0234\u00a0567 статей"},
		{c.For("de").T("signup.button"), "Subscribe"},
		{c.For("uk-UA").T("signup.button"), "Підписатися"},
		{c.For("../x").Code(), "en"},
		{uk.Name(), "Українська"},
		{en.Name(), "English"},
		{uk.Dir(), "ltr"},
	} {
		if x.got != x.want {
			t.Errorf("got %q, want %q", x.got, x.want)
		}
	}
}

func TestUkrainianPlurals(t *testing.T) {
	t.Parallel()
	uk := load(t, words).For("uk")
	for n, want := range map[int]string{
		0: "статей", 1: "стаття", 2: "статті", 4: "статті", 5: "статей", 11: "статей", 12: "статей", 14: "статей",
		21: "стаття", 22: "статті", 24: "статті", 25: "статей", 101: "стаття", 111: "статей", 112: "статей", 121: "стаття",
	} {
		if got := uk.N("mail.articles", n); !strings.HasSuffix(got, " "+want) {
			t.Errorf("N(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	c := load(t, words)
	kyiv, err := time.LoadLocation("Europe/Kyiv")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 23, 7, 5, 0, 0, time.UTC).In(kyiv)
	for _, x := range []struct{ got, want string }{
		{c.For("en").Date(at), "23 November 2026"},
		{c.For("uk").Date(at), "23 листопада 2026 р."},
		{c.For("en").DateTime(at), "23 November 2026, 09:05"},
		{c.For("uk").DateTime(at), "23 листопада 2026 р., 09:05"},
		{c.For("uk").Time(at.Add(12 * time.Hour)), "21:05"},
		{c.For("en").Number(1234567), "1,234,567"},
		{c.For("uk").Number(1234567), "1\u00a0234\u00a0567"},
		{c.For("en").Number(0), "0"},
	} {
		if x.got != x.want {
			t.Errorf("got %q, want %q", x.got, x.want)
		}
	}
}

func TestTimesAreToldAsPeopleSayThem(t *testing.T) {
	t.Parallel()
	c, err := Load(web.FS)
	if err != nil {
		t.Fatal(err)
	}
	en, uk := c.For("en"), c.For("uk")
	at := time.Date(2026, 11, 23, 7, 5, 0, 0, time.UTC)
	in := func(zone string) time.Time {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		return at.In(loc)
	}
	for _, x := range []struct{ got, want string }{
		{en.Moment(in("Europe/Kyiv")), "23 November 2026, 09:05 Kyiv time"},
		{uk.Moment(in("Europe/Kyiv")), "23 листопада 2026\u00a0р., 09:05 за київським часом"},
		{uk.Clock(in("America/New_York")), "02:05 за нью-йоркським часом"},
		{uk.Clock(in("Europe/Kiev")), "09:05 за київським часом"}, // its name until 2022
		{uk.City("Europe/Kiev"), "Київ"},
		{en.Clock(in("America/Indiana/Knox")), "01:05 Knox time"},
		{uk.Clock(in("America/Indiana/Knox")), "01:05 за часом міста Knox"},
		{en.Clock(at), "07:05 UTC"},
		{uk.Clock(at), "07:05 за UTC"},
		{en.Clock(in("EET")), "09:05 UTC+2"}, // no place's
		{uk.Clock(in("Etc/GMT-3")), "10:05 за UTC+3"},
		{uk.Clock(at.In(time.FixedZone("", -12600))), "03:35 за UTC−3:30"},
	} {
		if x.got != x.want {
			t.Errorf("got %q, want %q", x.got, x.want)
		}
	}
	// A city that a reader may choose has both words, its name and its clock.
	for _, k := range en.Keys() {
		if zone, ok := strings.CutPrefix(k, "zone."); ok && !en.Has("clock."+zone) {
			t.Errorf("nobody says what %s time is called", zone)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	c := load(t, words)
	for header, want := range map[string]string{
		"": "en", "uk": "uk", "uk-UA,uk;q=0.9,en;q=0.8": "uk", "en-GB,en;q=0.9,uk;q=0.1": "en", "de, uk;q=0.5": "uk",
		"de": "en", "*": "en", ";;;": "en", "fr;q=x": "en",
	} {
		if got := c.Match(header).Code(); got != want {
			t.Errorf("Match(%q) = %s, want %s", header, got, want)
		}
	}
	if got := c.Codes(); !slices.Equal(got, []string{"en", "uk"}) {
		t.Errorf("Codes() = %v", got)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"no English":     {"uk.toml": ""},
		"not TOML":       {"en.toml": "[a\n"},
		"not a language": {"en.toml": "[a]\nother=\"x\"", "??.toml": ""},
		"key twice":      {"en.toml": "[a]\nother=\"x\"\n[a]\nother=\"y\"\n"},
		"bad template":   {"en.toml": "[a]\nother=\"{{.x\"\n"},
	} {
		if _, err := Load(mapFS(files)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	c := load(t, map[string]string{
		"en.toml": "[a]\nother=\"x\"\n[n]\none=\"{{.n}}\"\nother=\"{{.n}}\"\n",
		"uk.toml": "[b]\nother=\"x\"\n[n]\none=\"{{.n}}\"\nother=\"{{.n}}\"\n",
	})
	want := []string{
		"en: b is missing", "uk: a is missing", `uk: n lacks the plural form "few"`, `uk: n lacks the plural form "many"`,
	}
	if got := c.Problems(); !slices.Equal(got, want) {
		t.Errorf("Problems() = %q, want %q", got, want)
	}
	if got := load(t, words).Problems(); len(got) != 0 {
		t.Errorf("Problems() = %q", got)
	}
}

func TestWordsOfTheProgram(t *testing.T) {
	t.Parallel()
	c, err := Load(web.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range c.Problems() {
		t.Error(p)
	}
}

func TestLanguageName(t *testing.T) {
	t.Parallel()
	c, err := Load(web.FS)
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{"en": "Ukrainian, English, zz", "uk": "українська, англійська, zz"} {
		l := c.For(in)
		if got := l.LanguageName("uk") + ", " + l.LanguageName("en") + ", " + l.LanguageName("zz"); got != want {
			t.Errorf("in %s they are %q, want %q", in, got, want)
		}
	}
	for code, want := range map[string]string{"uk": "українська", "en": "English", "en-GB": "British English", "zz": "zz", "not a code": "not a code"} {
		if got := ownName(code); got != want {
			t.Errorf("%q is called %q, want %q", code, got, want)
		}
	}
}
