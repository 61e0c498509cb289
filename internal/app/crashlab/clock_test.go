package crashlab_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"vistka/internal/mailer/smtptest"
)

// TestPostgresClockSteps moves Postgres' clock a day ahead and back in
// mid-edition (rule D14): nobody is left out and nobody gets it twice.
func TestPostgresClockSteps(t *testing.T) {
	takesMinutes(t)
	found, err := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if err != nil || len(found) == 0 {
		t.Skip("needs libfaketime (apt-get install faketime)")
	}
	const readers = 2000
	clock := filepath.Join(t.TempDir(), "clock")
	if err := os.Chmod(filepath.Dir(filepath.Dir(clock)), 0o755); err != nil { // Postgres' own user reads it
		t.Fatal(err)
	}
	step := func(by string) {
		t.Helper()
		if err := os.WriteFile(clock, []byte(by+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	step("+0")
	db := newSteppedDatabase(t, found[0], clock)
	l := newLab(t, dataDir(t), db.server.URL(), readers)
	l.relay.Script(func(e smtptest.Event) smtptest.Action {
		if e.Stage == smtptest.Final {
			return smtptest.Action{Delay: 500 * time.Millisecond} // two minutes, in which the service asks for the time at least thrice
		}
		return smtptest.Action{}
	})
	n := l.node(dataDir(t))
	n.start()
	edition := l.publish(n)()
	l.accepted(readers / 10)
	for _, s := range []struct {
		by  string
		day int64
	}{{"+1d", 1}, {"+0", 0}, {"-1d", -1}} {
		step(s.by)
		until(t, "the clock has stepped", func() bool {
			return l.one(`SELECT round(extract(epoch FROM clock_timestamp() - $1) / 86400)::bigint`, time.Now()) == s.day
		})
		l.accepted(l.relay.Journal.Len() + readers/4) // half a minute: the service has noticed
		if s := n.status("/readyz"); s != 200 {
			t.Errorf("the service answers %d after the step", s)
		}
	}
	f := l.reconcile(edition, readers)
	if f.Mails != readers || f.Doubted > 0 {
		t.Errorf("%s: nothing may be doubled or doubted", f)
	}
	t.Log(f)
}

// newSteppedDatabase has Postgres, and nothing else, take its time from a file.
func newSteppedDatabase(t *testing.T, library, clock string) *database {
	t.Helper()
	for name, value := range map[string]string{
		"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": clock, "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
	} {
		t.Setenv(name, value)
		defer os.Unsetenv(name)
	}
	return newDatabase(t)
}
