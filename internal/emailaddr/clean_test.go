package emailaddr

import (
	"testing"
)

func TestCleanTakesOffWhatAPasteBrings(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"nadia@example.org":                              "nadia@example.org",
		" Nadia@Example.org\t":                           "Nadia@Example.org",
		"nadia@example.org.":                             "nadia@example.org",
		"nadia@example.org,":                             "nadia@example.org",
		"nadia@example.org;\n":                           "nadia@example.org",
		"mailto:nadia@example.org":                       "nadia@example.org",
		"MailTo:nadia%2Bnews@example.org?subject=a%20b@": "nadia+news@example.org",
		"Nadia K. <nadia@example.org>":                   "nadia@example.org",
		"\"K., Nadia\" <nadia@example.org>":              "\"K., Nadia\" <nadia@example.org>", // a comma may part two addresses
		"Надія <nadia@example.org>.":                     "nadia@example.org",
		"<mailto:nadia@example.org>":                     "nadia@example.org",
		"nadia＠example.org":                              "nadia@example.org",
		"ｎａｄｉａ１２＠ｅｘａｍｐｌｅ．ｏｒｇ":                            "nadia12@example.org",
		"nadia﹫example.org":                              "nadia@example.org",
		"\u202anadia@example.org\u202c":                  "nadia@example.org",
		"\ufeffnadia@example.org\u200b":                  "nadia@example.org",
		"надія@пошта。укр":                                "надія@пошта。укр",

		// What is not certain stays as it is.
		"":                                     "",
		"nadia":                                "nadia",
		"nadia@example.org olha@example.org":   "nadia@example.org olha@example.org",
		"nadia@example.org, olha@example.org":  "nadia@example.org, olha@example.org",
		"olha@example.org <nadia@example.org>": "olha@example.org <nadia@example.org>",
		"Nadia <nadia@example.org>, Olha <o@x.org>": "Nadia <nadia@example.org>, Olha <o@x.org>",
		"Nadia <nadia@example.org":                  "Nadia <nadia@example.org",
		"mailto:a@example.org,b@example.org":        "mailto:a@example.org,b@example.org",
		"mailto:%zz@example.org":                    "mailto:%zz@example.org",
		"nadia@example..org":                        "nadia@example..org",
		"nadia.@example.org":                        "nadia.@example.org",
		"nadia@localhost.":                          "nadia@localhost.",
		"'nadia@example.org'":                       "'nadia@example.org'",
		"na\u200bdia@example.org":                   "na\u200bdia@example.org",
		"mailto:":                                   "mailto:",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, not %q", in, got, want)
		}
	}
}

// Whatever is typed: what is an address already stays that address, and cleaning what
// is clean changes nothing.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"nadia@example.org.", "mailto:a%40b@example.org", "A <a@example.org>", "１@ｅ.org", "<<a@b.c>>", "mailto:mailto:a@b.cd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if got != s {
			if _, err := Parse(got); err != nil {
				t.Errorf("%q became %q, which is no address: %v", s, got, err)
			}
		}
		if again := Clean(got); again != got && got != s {
			t.Errorf("%q became %q, then %q", s, got, again)
		}
		if before, err := Parse(s); err == nil && isASCII(s) {
			if after, err := Parse(got); err != nil || after.Key() != before.Key() {
				t.Errorf("the address %q became %q", s, got)
			}
		}
	})
}
