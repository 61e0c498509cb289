package main

import (
	"encoding/json"
	"strings"
	"testing"

	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

func TestSendingCommands(t *testing.T) {
	c := cli{t, pgtest.URL(t), t.TempDir()}
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
	state := func(args ...string) string {
		t.Helper()
		var s struct{ State string }
		out := c.run("", append(append([]string{"sending"}, args...), "--json")...)
		if err := json.Unmarshal([]byte(out), &s); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		return s.State
	}
	if got := state(); got != "on" {
		t.Errorf("at first: %s", got)
	}
	if got := state("stop", "--reason", "a slip"); got != "stopped" {
		t.Errorf("after stop: %s", got)
	}
	if out := c.run("", "sending"); !strings.Contains(out, "Why: a slip") {
		t.Errorf("status: %s", out)
	}
	if out, _ := c.try("", "doctor"); !strings.Contains(out, "sending: all sending is stopped: a slip") {
		t.Errorf("doctor: %s", out)
	}
	refused := func(want string, args ...string) {
		t.Helper()
		var said strings.Builder
		if _, code := c.do("", &said, append([]string{"sending"}, args...)); code != exitFailure || !strings.Contains(said.String(), want) {
			t.Errorf("vistka sending %s: exit %d, %s; want %q", args, code, &said, want)
		}
	}
	refused("stopped already", "stop", "--reason", "another")
	refused("it was stopped by a person. Start it again with vistka sending start", "unlock")
	refused("it was stopped by a person. Start it again with vistka sending start", "unlock", "--yes")
	if got := state("start"); got != "on" {
		t.Errorf("after start: %s", got)
	}
	refused("mail goes out, so there is nothing to start", "start")
	refused("mail goes out, so there is nothing to unlock", "unlock")
	exec(`INSERT INTO notice (kind, locale, address, state, due_at, created_at) SELECT 'test', 'en', 'desk@example.org', 'queued', now(), now() FROM generate_series(1, 3)`)
	exec(`UPDATE sending SET state = 'locked', cause = 'restored'`)
	for _, act := range []string{"start", "stop"} {
		refused("if this is the original, vistka sending unlock --yes", act)
	}
	if out := c.run("", "sending", "unlock"); !strings.Contains(out, "restored from a dump") || !strings.Contains(out, "What would go out: 3 mails") || !strings.Contains(out, "--yes") {
		t.Errorf("unlock without --yes: %s", out)
	}
	if got := state(); got != "locked" {
		t.Errorf("after unlock without --yes: %s", got)
	}
	if got := state("unlock", "--yes"); got != "on" {
		t.Errorf("after unlock --yes: %s", got)
	}
	var acts string
	if err := db.QueryRow(t.Context(), `SELECT string_agg(act, ' ' ORDER BY id) FROM audit_event`).Scan(&acts); err != nil || acts != "sending.stop sending.start sending.unlock" {
		t.Errorf("in the trail: %q, %v", acts, err)
	}
}
