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
	if got := state("start"); got != "on" {
		t.Errorf("after start: %s", got)
	}
	exec(`INSERT INTO notice (kind, locale, address, state, due_at, created_at) SELECT 'test', 'en', 'desk@example.org', 'queued', now(), now() FROM generate_series(1, 3)`)
	exec(`UPDATE sending SET state = 'locked', cause = 'restored'`)
	for _, refused := range []string{"start", "stop"} {
		if _, code := c.try("", "sending", refused); code != exitFailure {
			t.Errorf("%s while locked: exit %d", refused, code)
		}
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
