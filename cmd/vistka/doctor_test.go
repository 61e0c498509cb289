package main

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

// A setting that keeps Vistka from opening is named, with what to do, and
// without a word of the programs below; doctor says the same as any command.
func TestSettingsThatDoNotOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	server := pgtest.URL(t)
	key := strings.Repeat("k", 44)
	for _, row := range []struct {
		name, dir, database, key string
		setting, problem         string
	}{
		{"a file for a directory", file, "", "", "--data-dir (VISTKA_DATA_DIR)", "there is a file in the way of " + file},
		{"a file above the directory", filepath.Join(file, "x"), server, key, "--data-dir (VISTKA_DATA_DIR)", "there is a file in the way of " + file},
		{"no server", t.TempDir(), "postgres://u:hidden@127.0.0.1:1/x", key, "VISTKA_DATABASE_URL", "127.0.0.1:1 cannot be reached: nothing listens on that port"},
		{"no such database", t.TempDir(), server[:strings.LastIndex(server, "/")] + "/none" + server[strings.Index(server, "?"):], key, "VISTKA_DATABASE_URL", `has no database "none"`},
		{"no address", t.TempDir(), "postgres://u:hid den@host/x", key, "VISTKA_DATABASE_URL", "it cannot be read"},
	} {
		getenv := func(name string) string {
			return map[string]string{"VISTKA_DATABASE_URL": row.database, "VISTKA_SECRET_KEY": row.key}[name]
		}
		var out, said strings.Builder
		code := run([]string{"doctor", "--json", "--data-dir", row.dir}, getenv, &out, &said)
		var findings []struct{ About, Grade, Words, Fix string }
		if err := json.Unmarshal([]byte(out.String()), &findings); err != nil || len(findings) != 1 {
			t.Fatalf("%s: %v in %s%s", row.name, err, &out, &said)
		}
		f := findings[0]
		if code != exitFailure || f.About != row.setting || f.Grade != "bad" || !strings.Contains(f.Words, row.problem) || f.Fix == "" {
			t.Errorf("%s: exit %d, %+v", row.name, code, f)
		}
		said.Reset()
		code = run([]string{"newsletter", "list", "--data-dir", row.dir}, getenv, &out, &said)
		if want := "vistka: " + f.About + ": " + f.Words + ": " + f.Fix + "\n"; code != exitFailure || said.String() != want || strings.Contains(want, "hid") {
			t.Errorf("%s: exit %d, %q, want %q", row.name, code, &said, want)
		}
	}
}

func TestPortTakenByAnother(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	c := cli{t, pgtest.URL(t), t.TempDir()}
	var said strings.Builder
	want := "vistka: --listen (VISTKA_LISTEN): something is at " + other.Addr().String() + " already, perhaps another Vistka: choose another port\n"
	if _, code := c.do("", &said, []string{"serve", "--run", "web", "--listen", other.Addr().String()}); code != exitFailure || !strings.HasSuffix(said.String(), want) {
		t.Errorf("exit %d, %s; want %q", code, &said, want)
	}
}

func TestDoctorLooksAtMailsToOnePerson(t *testing.T) {
	c := cli{t, pgtest.URL(t), t.TempDir()}
	c.run("", "migrate")
	db, err := postgres.Open(t.Context(), c.url, postgres.WithMaxConns(1))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exec := func(sql string) {
		t.Helper()
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	says := func(want ...string) {
		t.Helper()
		out, _ := c.try("", "doctor")
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%q is not said in\n%s", w, out)
			}
		}
	}
	says("✓  mails to one person: none failed in the last seven days, and none is late")
	exec(`INSERT INTO notice (kind, locale, address, state, due_at, created_at, settled_at, reply)
		SELECT kind, 'en', 'desk@example.org', state, now(), now() - made::interval, now() - settled::interval, said FROM (VALUES
			('test', 'failed', '1 day', '1 day', '550 5.7.1 an older word'), ('test', 'failed', '1 hour', '1 hour', '550 5.7.1 not you'),
			('alert', 'failed', '9 days', '8 days', '550 5.1.1 long ago'), ('alert', 'queued', '1 minute', NULL, NULL),
			('desk', 'deferred', '20 minutes', NULL, '451 4.7.1 later')) AS n (kind, state, made, settled, said)`)
	says("!  mails to one person: failed in the last seven days: Test mails: 2. ", "Of test mails the relay said last: 550 5.7.1 not you", "/admin/deliveries#failed",
		"✗  mails to one person: have not gone for a quarter of an hour or longer: Notes to the desk: 1", "Of notes to the desk the relay said last: 451 4.7.1 later", "with the role sender")
	exec(`UPDATE sending SET state = 'stopped'`)
	says("!  mails to one person: have not gone", "they wait until sending goes on")
}
