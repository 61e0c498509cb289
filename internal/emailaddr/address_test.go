package emailaddr

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseAccepts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64)
	for _, c := range []struct{ in, key, wire, limit, provider string }{
		{"nadia@example.org", "nadia@example.org", "nadia@example.org", "nadia@example.org", "example.org"},
		{" Nadia@Example.ORG\t\n", "nadia@example.org", "Nadia@example.org", "nadia@example.org", "example.org"},
		{"o'neil+news@mail.example.co.uk", "o'neil+news@mail.example.co.uk", "o'neil+news@mail.example.co.uk", "o'neil@mail.example.co.uk", "example.co.uk"},
		{"N.A.dia+x@googlemail.com", "n.a.dia+x@googlemail.com", "N.A.dia+x@googlemail.com", "nadia@gmail.com", "googlemail.com"},
		{"n.a.dia+x.y@example.org", "n.a.dia+x.y@example.org", "n.a.dia+x.y@example.org", "nadia@example.org", "example.org"},
		{"+x@example.org", "+x@example.org", "+x@example.org", "+x@example.org", "example.org"},
		{"надія@пошта.укр", "надія@xn--80a1acn3a.xn--j1amh", "надія@xn--80a1acn3a.xn--j1amh", "надія@xn--80a1acn3a.xn--j1amh", "xn--80a1acn3a.xn--j1amh"},
		{"a@пошта。укр", "a@xn--80a1acn3a.xn--j1amh", "a@xn--80a1acn3a.xn--j1amh", "a@xn--80a1acn3a.xn--j1amh", "xn--80a1acn3a.xn--j1amh"},
		{"cafe\u0301@example.org", "caf\u00e9@example.org", "caf\u00e9@example.org", "caf\u00e9@example.org", "example.org"},
		{"#!$%&'*+-/=?^_`{|}~@example.org", "#!$%&'*+-/=?^_`{|}~@example.org", "#!$%&'*+-/=?^_`{|}~@example.org", "#!$%&'*@example.org", "example.org"},
		{long + "@example.org", long + "@example.org", long + "@example.org", long + "@example.org", "example.org"},
		{"a@faß.de", "a@xn--fa-hia.de", "a@xn--fa-hia.de", "a@xn--fa-hia.de", "xn--fa-hia.de"},
		{"x@reader.example", "x@reader.example", "x@reader.example", "x@reader.example", "reader.example"},
	} {
		a, err := Parse(c.in)
		if err != nil {
			t.Errorf("Parse(%q): %v", c.in, err)
			continue
		}
		if a.Key() != c.key || a.Wire() != c.wire || a.LimitKey() != c.limit || a.Provider() != c.provider {
			t.Errorf("Parse(%q): key %q, wire %q, limit key %q, provider %q", c.in, a.Key(), a.Wire(), a.LimitKey(), a.Provider())
		}
		if a.String() != strings.TrimSpace(c.in) {
			t.Errorf("Parse(%q).String() = %q", c.in, a)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		want error
	}{
		{"", ErrEmpty},
		{" \t\u00a0 ", ErrEmpty},
		{"nadia", ErrFormat},
		{"@example.org", ErrFormat},
		{"nadia@", ErrFormat},
		{"nadia@@example.org", ErrFormat},
		{"a@b@example.org", ErrFormat},
		{`"nadia"@example.org`, ErrFormat},
		{`"a b"@example.org`, ErrFormat},
		{"Nadia <nadia@example.org>", ErrFormat},
		{"nadia(work)@example.org", ErrFormat},
		{"nadia@example.org (work)", ErrFormat},
		{"a b@example.org", ErrFormat},
		{"a,b@example.org", ErrFormat},
		{"a@example.org,b@example.org", ErrFormat},
		{"a;b@example.org", ErrFormat},
		{".a@example.org", ErrFormat},
		{"a.@example.org", ErrFormat},
		{"a..b@example.org", ErrFormat},
		{"a\r\nRCPT TO:<b@example.org>@example.org", ErrFormat},
		{"a\x00@example.org", ErrFormat},
		{"a\u202eb@example.org", ErrFormat},
		{"a\u200bb@example.org", ErrFormat},
		{"a\u00a0b@example.org", ErrFormat},
		{"\u0301a@example.org", ErrFormat},
		{"a\xff@example.org", ErrFormat},
		{"a\ufffd@example.org", ErrFormat},
		{"nadia@[192.0.2.1]", ErrDomain},
		{"nadia@[IPv6:2001:db8::1]", ErrDomain},
		{"nadia@192.0.2.1", ErrDomain},
		{"nadia@example.org.", ErrDomain},
		{"nadia@.example.org", ErrDomain},
		{"nadia@example..org", ErrDomain},
		{"nadia@-example.org", ErrDomain},
		{"nadia@exa_mple.org", ErrDomain},
		{"nadia@exa mple.org", ErrDomain},
		{"nadia@exam\u202eple.org", ErrDomain},
		{"nadia@\u2100.org", ErrDomain},
		{"nadia@localhost", ErrReserved},
		{"nadia@mail.localhost", ErrReserved},
		{"nadia@example.invalid", ErrReserved},
		{"nadia@example", ErrReserved},
		{strings.Repeat("a", 65) + "@example.org", ErrTooLong},
		{strings.Repeat("я", 33) + "@example.org", ErrTooLong},
		{"a@" + strings.Repeat("a", 64) + ".org", ErrDomain},
		{strings.Repeat("a", 64) + "@" + strings.Repeat(strings.Repeat("b", 62)+".", 3) + "org", ErrTooLong},
		{strings.Repeat("a", 100_000), ErrTooLong},
	} {
		a, err := Parse(c.in)
		if !errors.Is(err, c.want) {
			t.Errorf("Parse(%.60q) = %q, %v; want %v", c.in, a, err, c.want)
		}
		if !errors.Is(err, ErrEmpty) && !errors.Is(err, ErrFormat) {
			t.Errorf("Parse(%.60q): %v is neither ErrEmpty nor ErrFormat", c.in, err)
		}
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"nadia@example.org":             "na••@example.org",
		"na@example.org":                "n••@example.org",
		"n@example.org":                 "n••@example.org",
		"надія@xn--80a1acn3a.xn--j1amh": "на••@пошта.укр",
	} {
		a, err := Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Masked(); got != want {
			t.Errorf("Parse(%q).Masked() = %q, want %q", in, got, want)
		}
	}
}

func TestMaskedBeside(t *testing.T) {
	t.Parallel()
	for pair, want := range map[[2]string]string{
		{"olha@example.org", "nadia@example.org"}:         "ol••@example.org",
		{"nadia@example.net", "nadia@example.org"}:        "na••@example.net",
		{"nadezhda@example.org", "nadia@example.org"}:     "nade••@example.org",
		{"nadia.second@example.org", "nadia@example.org"}: "nadia.••@example.org",
		{"nadia@example.org", "nadia.second@example.org"}: "nadia@example.org",
		{"надія2@example.org", "надія1@example.org"}:      "надія2@example.org",
	} {
		a, err := Parse(pair[0])
		b, err2 := Parse(pair[1])
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if got := a.MaskedBeside(b); got != want || got == b.Masked() {
			t.Errorf("%s beside %s = %q, want %q", pair[0], pair[1], got, want)
		}
	}
}

func TestNeedsSMTPUTF8(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{"nadia@пошта.укр": false, "надія@example.org": true} {
		a, err := Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if a.NeedsSMTPUTF8() != want {
			t.Errorf("Parse(%q).NeedsSMTPUTF8() = %t", in, !want)
		}
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"nadia@gmail.co":       "nadia@gmail.com",
		"nadia@gmial.com":      "nadia@gmail.com",
		"nadia@gmail.con":      "nadia@gmail.com",
		"nadia@gnail.com":      "nadia@gmail.com",
		"nadia@gmaill.com":     "nadia@gmail.com",
		"nadia@ukr.ney":        "nadia@ukr.net",
		"nadia@ukrnet.net":     "",
		"nadia@hotmial.com":    "nadia@hotmail.com",
		"nadia@outlok.com":     "nadia@outlook.com",
		"nadia@yaho.com":       "nadia@yahoo.com",
		"nadia@protonmal.com":  "nadia@protonmail.com",
		"nadia@mail.com":       "",
		"nadia@email.ua":       "",
		"nadia@ymail.com":      "",
		"nadia@example.org":    "",
		"nadia@x.ua":           "",
		"nadia@suspilne.media": "",
	} {
		a, err := Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := Suggest(a)
		if got != want || ok != (want != "") {
			t.Errorf("Suggest(%q) = %q, %t; want %q", in, got, ok, want)
		}
	}
}

func TestSuggestLeavesProvidersAlone(t *testing.T) {
	t.Parallel()
	names := append([]string{}, popular...)
	for d := range genuine {
		names = append(names, d)
	}
	for _, d := range names {
		a, err := Parse("nadia@" + d)
		if err != nil {
			t.Fatalf("provider %s: %v", d, err)
		}
		if s, ok := Suggest(a); ok {
			t.Errorf("Suggest(%s) = %s", d, s)
		}
	}
}

func checkProperties(t interface {
	Fatalf(string, ...any)
}, in string,
) {
	a, err := Parse(in)
	if err != nil {
		if !a.IsZero() {
			t.Fatalf("Parse(%q) returned an address beside an error", in)
		}
		return
	}
	for _, form := range []string{a.Key(), a.Wire()} {
		b, err := Parse(form)
		if err != nil {
			t.Fatalf("Parse(%q) from %q: %v", form, in, err)
		}
		if b.Key() != a.Key() || b.LimitKey() != a.LimitKey() {
			t.Fatalf("%q and its form %q have keys %q and %q", in, form, a.Key(), b.Key())
		}
	}
	if len(a.Wire()) > maxTotal || strings.ContainsAny(a.Wire(), " \r\n<>\",;:\\()[]\x00") || strings.Count(a.Wire(), "@") != 1 {
		t.Fatalf("Parse(%q).Wire() = %q", in, a.Wire())
	}
	if !isASCII(a.Domain()) || isASCII(a.Wire()) == a.NeedsSMTPUTF8() {
		t.Fatalf("Parse(%q): domain %q, needs SMTPUTF8 %t", in, a.Domain(), a.NeedsSMTPUTF8())
	}
}

func TestParseProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		checkProperties(t, rapid.StringMatching(`[a-zA-Zа-яёїіє0-9.+'ß\-]{1,12}@([a-zа-яїі0-9\-]{1,8}\.){1,3}[a-zукр]{2,5}`).Draw(t, "address"))
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"nadia@example.org", "надія@пошта.укр", `"a b"@example.org`, "a@\u2100.org", "İ@example.org", "a@faß.de"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkProperties(t, s) })
}
