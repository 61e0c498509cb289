package hotline

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/jackc/pgx/v5"
)

func newKey(t *testing.T) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func open(t *testing.T, sealed string, with age.Identity) string {
	t.Helper()
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(sealed)), with)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheDeskIsToldUnderItsKeysAlone(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	day, night := newKey(t), newKey(t)
	f.Zone = func(_ context.Context, _ pgx.Tx, code string) (*time.Location, error) {
		if code != "en" {
			t.Errorf("the clock of a desk that reads %q", code)
		}
		return time.LoadLocation("Europe/Kyiv")
	}
	f.save(Settings{
		Open: true, Desk: []string{"day@example.org", "night@example.org"}, DeskLocale: "en", KeepDays: 90,
		DeskKeys: []string{day.Recipient().String(), night.Recipient().String()},
	})
	first := f.submit(callback("+380 44 123 45 67")).Reference
	second := f.submit(complaint("Перший рядок\n\nPhone number: not a line of ours")).Reference
	if len(f.notices) != 4 {
		t.Fatalf("%d mails", len(f.notices))
	}
	for i, want := range []string{
		"Request " + first + "\nCallback, 23 November 2026, 11:00 Kyiv time\n\nName: Nadia\nPhone number: +380 44 123 45 67\nBest time to call: after six\nAnswer in: English\n",
		"Request " + second + "\nComplaint, 23 November 2026, 11:00 Kyiv time\n\nSubject: A correction\nContact: nadia@example.org\nAnswer in: Ukrainian\n\nПерший рядок\n\nPhone number: not a line of ours\n",
	} {
		a, b := f.notices[2*i], f.notices[2*i+1]
		if a.Sealed != b.Sealed || a.Address == b.Address {
			t.Errorf("mails of one request: to %s and %s, the same file: %v", a.Address, b.Address, a.Sealed == b.Sealed)
		}
		for _, key := range []age.Identity{day, night} {
			if got := open(t, a.Sealed, key); got != want {
				t.Errorf("the desk reads %q, want %q", got, want)
			}
		}
		if _, err := age.Decrypt(armor.NewReader(strings.NewReader(a.Sealed)), newKey(t)); err == nil {
			t.Error("another's key opens it")
		}
		told := fmt.Sprintf("%+v", a)
		for _, word := range []string{"Nadia", "nadia", "123", "six", "correction", "рядок"} {
			if strings.Contains(told, word) {
				t.Errorf("%q stands open in %s", word, told)
			}
		}
	}
	f.save(Settings{Open: true, Desk: []string{"day@example.org"}, DeskLocale: "en", KeepDays: 90})
	if f.submit(callback("0441234567")); f.notices[4].Sealed != "" {
		t.Error("a key that was taken away is used still")
	}
}

// Keys that were right once and are not any more cost the mail its file, never
// the person the request.
func TestARequestOutlivesTheKeysOfTheDesk(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	if _, err := f.DB.Exec(t.Context(), `UPDATE hotline SET desk_keys = '{age1outlived}'`); err != nil {
		t.Fatal(err)
	}
	for _, in := range []Submission{callback("+380 44 123 45 67"), complaint("They named my source")} {
		f.submit(in)
	}
	if n := f.count("SELECT count(*) FROM hotline_request"); n != 2 || len(f.notices) != 2 {
		t.Fatalf("%d requests, %d mails", n, len(f.notices))
	}
	told := fmt.Sprintf("%+v", f.notices) + f.log.String()
	for _, word := range []string{"Nadia", "nadia", "123 45", "six", "correction", "source"} {
		if strings.Contains(told, word) {
			t.Errorf("%q stands open in %s", word, told)
		}
	}
	for _, n := range f.notices {
		if n.Sealed != "" || !n.Unsealed || n.Reference == "" {
			t.Errorf("the desk was told %+v", n)
		}
	}
	if log := f.log.String(); strings.Count(log, "level=ERROR") != 2 || !strings.Contains(log, "request=2") || !strings.Contains(log, "hotline's settings") {
		t.Errorf("in the log: %s", log)
	}
	set, err := f.Settings(t.Context())
	if err != nil || set.WrongKeys() != keyDeskKeys {
		t.Errorf("the settings say %q, %v", set.WrongKeys(), err)
	}
	set.DeskKeys = []string{newKey(t).Recipient().String()}
	f.save(set)
	f.submit(callback("0441234567"))
	if n := f.notices[2]; n.Sealed == "" || n.Unsealed || set.WrongKeys() != "" {
		t.Errorf("mended: %+v", n)
	}
}

func TestKeysOfTheDesk(t *testing.T) {
	t.Parallel()
	id, other := newKey(t), newKey(t)
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	good, quantum := id.Recipient().String(), hybrid.Recipient().String()
	for name, c := range map[string]struct {
		keys []string
		want string
	}{
		"none":            {nil, ""},
		"two":             {[]string{good, other.Recipient().String()}, ""},
		"post-quantum":    {[]string{quantum}, ""},
		"of both kinds":   {[]string{good, quantum}, keyDeskMixed},
		"secret":          {[]string{good, id.String()}, keyDeskSecret},
		"secret, folded":  {[]string{strings.ToLower(id.String())}, keyDeskSecret},
		"cut off":         {[]string{good[:len(good)-1]}, keyDeskKeys},
		"mistyped":        {[]string{good[:len(good)-1] + "b"}, keyDeskKeys},
		"of a token":      {[]string{"age1yubikey1q2w6"}, keyDeskKeys},
		"of SSH":          {[]string{"ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAIO"}, keyDeskKeys},
		"a comment":       {[]string{"#", "key:", good}, keyDeskKeys},
		"more than there": {strings.Fields(strings.Repeat(good+" ", maxDeskKeys+1)), keyDeskKeys},
	} {
		if got := wrongDeskKeys(c.keys); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	f := setUp(t)
	if _, err := f.DB.Exec(t.Context(), `UPDATE hotline SET desk_keys = ARRAY[$1, $2]`, good, id.String()); err == nil {
		t.Error("a secret key can be stored")
	}
	f.save(Settings{KeepDays: 90, DeskKeys: []string{quantum}})
}
