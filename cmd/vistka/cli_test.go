package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

// cli runs commands one after another on a database of their own.
type cli struct {
	t   *testing.T
	url string
	dir string
}

// run returns standard output; input is what is piped in.
func (c cli) run(input string, args ...string) string {
	c.t.Helper()
	out, code := c.try(input, args...)
	if code != 0 {
		c.t.Fatalf("vistka %s: exit %d", strings.Join(args, " "), code)
	}
	return out
}

func (c cli) try(input string, args ...string) (string, int) {
	c.t.Helper()
	return c.do(input, c.t.Output(), args)
}

func (c cli) do(input string, errOut io.Writer, args []string) (string, int) {
	c.t.Helper()
	path := filepath.Join(c.dir, "stdin")
	if err := os.WriteFile(path, []byte(input), 0o600); err != nil {
		c.t.Fatal(err)
	}
	stdin, err := os.Open(path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer stdin.Close()
	before := os.Stdin
	os.Stdin = stdin
	defer func() { os.Stdin = before }()
	secrets := map[string]string{"VISTKA_DATABASE_URL": c.url, "VISTKA_SECRET_KEY": strings.Repeat("k", 44)}
	getenv := func(name string) string { return secrets[name] }
	var out strings.Builder
	code := run(append(args, "--data-dir", c.dir, "--log-format", "text"), getenv, &out, errOut)
	return out.String(), code
}

// What prints takes --json; what changes something or carries addresses out is
// in the trail, without an account.
func TestCommandsSpeakJSONAndLeaveATrace(t *testing.T) {
	c := cli{t, pgtest.URL(t), t.TempDir()}
	db, err := postgres.Open(t.Context(), c.url, postgres.WithMaxConns(1))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	trail := 0
	traced := func(act, object string) {
		t.Helper()
		trail++
		var gotAct, gotObject string
		var n int
		err := db.QueryRow(t.Context(), `SELECT act, object, count(*) OVER () FROM audit_event WHERE account_id IS NULL ORDER BY id DESC LIMIT 1`).Scan(&gotAct, &gotObject, &n)
		if err != nil || gotAct != act || gotObject != object || n != trail {
			t.Errorf("last of %d in the trail: %s of %q, %v; want %s of %q as the %dth", n, gotAct, gotObject, err, act, object, trail)
		}
	}
	answer := func(input string, args ...string) map[string]any {
		t.Helper()
		out := c.run(input, append(args, "--json")...)
		var v map[string]any
		if err := json.Unmarshal([]byte(out), &v); err != nil {
			t.Fatalf("vistka %s: %v in %q", strings.Join(args, " "), err, out)
		}
		return v
	}
	if v := answer("", "migrate"); v["have"] != v["want"] || v["have"] == nil {
		t.Errorf("migrate: %v", v)
	}
	answer("", "newsletter", "add", "--slug", "news", "--name", "News", "--language", "en", "--from-name", "Desk", "--from-address", "desk@example.org")
	traced("newsletter.add", "newsletter 1")
	if v := answer("", "seed", "--newsletter", "news", "-n", "7"); v["subscribers"] != 7.0 {
		t.Errorf("seed: %v", v)
	}
	traced("seed", "newsletter 1")
	if out := c.run("", "subscribers", "export"); strings.Count(out, "\n") != 8 {
		t.Errorf("export: %s", out)
	}
	traced("export", "all newsletters")
	c.run("", "subscribers", "export", "--newsletter", "news", "-o", filepath.Join(c.dir, "out.csv"))
	traced("export", "newsletter news")
	var rows int
	if err := db.QueryRow(t.Context(), `SELECT detail -> 'subscribers' FROM audit_event ORDER BY id DESC LIMIT 1`).Scan(&rows); err != nil || rows != 7 {
		t.Errorf("%d rows are in the trail, %v", rows, err)
	}
	const reader = "reader@example.org"
	if v := answer("", "subscribers", "erase", reader); v["erased"] != false {
		t.Errorf("erase without --yes: %v", v)
	}
	if v := answer("", "subscribers", "erase", reader, "--yes"); v["erased"] != true || v["known"] != false {
		t.Errorf("erase: %v", v)
	}
	traced("subscriber.erase", "")
	c.run("", "subscribers", "person", reader)
	traced("subscriber.export", "")
}

func TestAccounts(t *testing.T) {
	c := cli{t, pgtest.URL(t), t.TempDir()}
	const password = "four quiet herons wade\n"
	add := func(address, role string) string {
		t.Helper()
		return c.run(password, "account", "add", "--address", address, "--name", "Desk", "--role", role, "--json")
	}
	if out := add("desk@example.org", "owner"); !strings.Contains(out, `"role": "owner"`) || strings.Contains(out, "argon2") {
		t.Errorf("add: %s", out)
	}
	if _, code := c.try(password, "account", "add", "--address", "third@example.org", "--name", "Desk", "--language", "de"); code != exitFailure {
		t.Errorf("a language without words: exit %d", code)
	}
	if _, code := c.try("", "account", "disable", "desk@example.org"); code != exitFailure {
		t.Errorf("the last owner is gone: exit %d", code)
	}
	add("second@example.org", "editor")
	if _, code := c.try("short\n", "account", "password", "second@example.org"); code != exitFailure {
		t.Errorf("a short password: exit %d", code)
	}
	c.run("five calm storks sleep\n", "account", "password", "second@example.org")
	if out := c.run("", "account", "hotline", "second@example.org", "on", "--json"); !strings.Contains(out, `"hotline": true`) {
		t.Errorf("hotline on: %s", out)
	}
	if out := c.run("", "account", "list"); strings.Count(out, "yes") != 1 {
		t.Errorf("list: %s", out)
	}
	c.run("", "account", "hotline", "second@example.org", "off")
	if _, code := c.try("", "account", "hotline", "nobody@example.org", "on"); code != exitFailure {
		t.Errorf("nobody: exit %d", code)
	}
	c.run("", "account", "disable", "Second@example.org")
	if out := c.run("", "account", "list"); strings.Count(out, "disabled") != 1 {
		t.Errorf("list: %s", out)
	}
	if _, code := c.try("", "account", "disable", "nobody@example.org"); code != exitFailure {
		t.Errorf("nobody: exit %d", code)
	}
	db, err := postgres.Open(t.Context(), c.url, postgres.WithMaxConns(1))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var acts string
	if err := db.QueryRow(t.Context(), `SELECT string_agg(act || ' ' || object, ', ' ORDER BY id) FROM audit_event`).Scan(&acts); err != nil {
		t.Fatal(err)
	}
	if want := "account.add account 1, account.add account 2, account.password account 2, " +
		"account.hotline account 2, account.hotline account 2, account.disable account 2"; acts != want {
		t.Errorf("trail %q, want %q", acts, want)
	}
}

// A feed that is not polled does not keep the others from being read.
func TestPollGoesPastFeedsThatAreNotPolled(t *testing.T) {
	c := cli{t, pgtest.URL(t), t.TempDir()}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/rss+xml")
		fmt.Fprintf(w, `<rss version="2.0"><channel><title>%s</title><item><guid>1</guid><title>One</title><link>http://%s/1</link></item></channel></rss>`, r.URL.Path, r.Host)
	}))
	defer site.Close()
	allow := "--feed-allow=" + strings.TrimPrefix(site.URL, "http://")
	c.run("", "newsletter", "add", "--slug", "news", "--name", "News", "--from-name", "News", "--from-address", "news@example.org", "--timezone", "Europe/Kyiv", "--language", "en")
	for _, feed := range []string{"/paused", "/gone", "/active"} {
		c.run("", "feed", "add", "--newsletter", "news", site.URL+feed, allow)
	}
	db, err := postgres.Open(t.Context(), c.url, postgres.WithMaxConns(1))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(t.Context(), `UPDATE feed SET state = right(url, -1 - length($1)) WHERE url NOT LIKE '%active'`, site.URL); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(c.run("", "feed", "poll", allow), "\n")
	if len(lines) < 4 || !strings.Contains(lines[1], "it is paused") || !strings.Contains(lines[2], "gone for good") ||
		!strings.Contains(lines[3], "/active") || strings.Contains(lines[3], "not read") {
		t.Errorf("poll says\n%s", strings.Join(lines, "\n"))
	}
	var results []struct{ Problem string }
	if err := json.Unmarshal([]byte(c.run("", "feed", "poll", allow, "--json")), &results); err != nil || len(results) != 3 || results[0].Problem == "" || results[2].Problem != "" {
		t.Errorf("as JSON: %+v, %v", results, err)
	}
	if _, err := db.Exec(t.Context(), `UPDATE feed SET state = 'active', problem = '{"key": "feed.problem.dns"}' WHERE url LIKE '%gone'`); err != nil {
		t.Fatal(err)
	}
	if out := c.run("", "feed", "list"); strings.Count(out, "active") != 3 { // /active itself, and two states
		t.Errorf("feeds:\n%s", out)
	}
	if out, _ := c.try("", "doctor"); !strings.Contains(out, "/active: read without trouble") || !strings.Contains(out, "/gone: There is no site of this name.") {
		t.Errorf("doctor: %s", out)
	}
	if _, err := db.Exec(t.Context(), `UPDATE newsletter SET archived_at = now()`); err != nil {
		t.Fatal(err)
	}
	if out := c.run("", "feed", "list"); strings.Count(out, "archived") != 3 {
		t.Errorf("feeds of an archived newsletter:\n%s", out)
	}
	if out := c.run("", "feed", "poll", allow); strings.Count(out, "not read: its newsletter is archived") != 3 {
		t.Errorf("poll of an archived newsletter:\n%s", out)
	}
	if out, _ := c.try("", "doctor"); strings.Contains(out, site.URL) {
		t.Errorf("doctor looks at feeds that nobody reads:\n%s", out)
	}
}

// What cannot work is refused in words for a person.
func TestRefusals(t *testing.T) {
	c := cli{t, pgtest.URL(t), t.TempDir()}
	refused := func(want string, args ...string) {
		t.Helper()
		var said strings.Builder
		if _, code := c.do("", &said, args); code == 0 || !strings.Contains(said.String(), want) || strings.Contains(said.String(), "not found") {
			t.Errorf("%q: exit %d, %s", args, code, &said)
		}
	}
	refused(`there is no newsletter "nope"`, "feed", "list", "--newsletter", "nope")
	refused(`there is no newsletter "nope"`, "feed", "add", "--newsletter", "nope", "https://example.org/")
	c.run("", "newsletter", "add", "--slug", "news", "--name", "News", "--from-name", "News", "--from-address", "news@example.org", "--timezone", "Europe/Kyiv", "--language", "en")
	add := []string{"newsletter", "add", "--slug", "more", "--name", "More", "--from-name", "More", "--from-address", "more@example.org"}
	refused("the languages are en, uk", append(add, "--language", "de")...)
	refused("--thanks en: This is the heading", append(add, "--language", "en", "--thanks", "en="+strings.Repeat("x", 121))...)
	refused("--origin:", append(add, "--language", "en", "--origin", "ftp://x")...)
	refused(`there is no newsletter "nope"`, "subscribers", "export", "--newsletter", "nope")
	refused("--output: "+c.dir+"/none/x cannot be written", "subscribers", "export", "--output", c.dir+"/none/x")
	refused(`"nope" is no e-mail address`, "subscribers", "erase", "nope")
	refused(`"zzz" is no e-mail address`, "subscribers", "person", "zzz")
	if got := c.run("", "--version"); !strings.HasPrefix(got, "vistka ") {
		t.Errorf("--version: %s", got)
	}
	refused("http://127.0.0.1:1/feed: This address is not on the public internet", "feed", "add", "--newsletter", "news", "http://127.0.0.1:1/feed")
}

// A command line that cannot be gets an answer that says what to write, with no
// word of the language this is written in.
func TestMisspelledCommandLines(t *testing.T) {
	c := cli{t, "postgres://nobody@127.0.0.1:1/none", t.TempDir()} // none of these gets as far
	for line, want := range map[string]string{
		"bogus":                                `there is no command "vistka bogus".` + "\nvistka --help lists what there is",
		"newslettre list":                      `Did you mean "newsletter"?`,
		"edition shw 1":                        `there is no command "vistka edition shw". Did you mean "show"?`,
		"edition":                              "vistka edition needs one more word: list, show, pause, resume, cancel or retry",
		"edition pause":                        "vistka edition pause needs <id>; see vistka edition pause --help",
		"edition list --newslettre x":          `there is no flag --newslettre. Did you mean "--newsletter"?`,
		"edition show 1 2":                     `"2" is one word too many`,
		"edition show x":                       `vistka: "x" is not the number of an edition; vistka edition list shows which there are`,
		"edition list --state bogus":           `--state: "bogus" is unknown: write open, paused, cancelled, expired or settled`,
		"edition list --limit 0":               "--limit: 0 is too few",
		"edition list --limit -3":              "--limit: -3 is too few",
		"doubt list --limit many":              `--limit: "many" is not a whole number`,
		"edition cancel 1 --resume-at Tuesday": `--resume-at: "Tuesday" is not a time: write the day, the hour and how far the zone is from UTC, like 2026-12-01T08:00:00+02:00`,
		"subscribers export --status bogus":    "write active, paused, ended or pending",
		"serve --max-age soon":                 `--max-age: "soon" is not a length of time: write a number and its unit`,
		"account add --name Desk":              "vistka account add needs --address; see vistka account add --help",
	} {
		var said strings.Builder
		out, code := c.do("", &said, strings.Fields(line))
		if code != exitUsage || out != "" || !strings.Contains(said.String(), want) || strings.Contains(said.String(), "2006") || strings.Count(said.String(), "\n") > 2 {
			t.Errorf("vistka %s: exit %d, %s%s; want %q", line, code, out, &said, want)
		}
	}
	t.Setenv("VISTKA_KEEP_MONTHS", "many")
	var said strings.Builder
	if _, code := c.do("", &said, []string{"doctor"}); code != exitUsage || !strings.Contains(said.String(), `--keep-months: "many" is not a whole number: write one like 20, in VISTKA_KEEP_MONTHS`) {
		t.Errorf("a variable: exit %d, %s", code, &said)
	}
}
