package crashlab_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"vistka/internal/mailer/smtptest"
	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

// TestPooler has replicas with a role each reach Postgres through pgbouncer in
// transaction mode, and replaces the one that sends in mid-edition: every reader
// has exactly one mail, nothing was in doubt, and whoever signs up meanwhile is
// subscribed in the end.
func TestPooler(t *testing.T) {
	t.Parallel()
	const readers = 400
	direct := pgtest.URL(t)
	pooled := newPooler(t, direct)
	if pool, err := postgres.Open(t.Context(), strings.TrimSuffix(pooled, "&"+poolersMode)); err == nil {
		pool.Close()
		t.Error("a pooler is opened as if it kept sessions")
	} else if !strings.Contains(err.Error(), "add "+poolersMode) {
		t.Errorf("the error does not say what to add: %v", err)
	}
	l := newLab(t, dataDir(t), direct, readers)
	l.relay.Script(func(e smtptest.Event) smtptest.Action {
		if e.Stage == smtptest.Final {
			return smtptest.Action{Delay: 40 * time.Millisecond} // so that there is a middle
		}
		return smtptest.Action{}
	})
	web, old, young := l.replica(pooled, "web"), l.replica(pooled, "jobs,sender"), l.replica(pooled, "jobs,sender")
	web.start()
	old.start()
	const person = "person@example.org"
	if status := web.signUp(person); status != http.StatusAccepted {
		t.Fatalf("a sign-up answers %d", status)
	}
	page := web.baseURL + "/confirm/" + l.link(person)
	form := url.Values{"shown": {formToken(t, page)}}

	edition := l.publish(web)()
	l.accepted(readers / 4)
	young.start()
	old.stop()
	until(t, "the press of the button counts", func() bool { // not before a person could have read the page
		resp, err := http.PostForm(page, form)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return l.one(`SELECT count(*) FROM subscription s JOIN subscriber r ON r.id = s.subscriber_id WHERE r.address = $1 AND s.state = 'active'`, person) == 1
	})
	f := l.reconcile(edition, readers)
	if f.Mails != readers || f.Doubted > 0 {
		t.Errorf("%s: nothing may be doubled or doubted", f)
	}
	t.Log(f)
	if _, err := l.desk.Pool.Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`); err != nil {
		t.Fatal(err)
	}
	if status := web.status("/readyz"); status != http.StatusOK {
		t.Errorf("a replica of the old version answers %d once a newer one has migrated: nobody would serve until it is replaced", status)
	}
}

// replica is a node with some of the roles behind a pooler.
func (l *lab) replica(pooled, roles string) *node {
	l.t.Helper()
	n := l.node(dataDir(l.t))
	operators := freePort(l.t)
	n.env = append(n.env, "VISTKA_DATABASE_DIRECT_URL="+l.config.DatabaseURL, "VISTKA_DATABASE_URL="+pooled, "VISTKA_RUN="+roles, "VISTKA_METRICS_LISTEN="+operators)
	if roles != "web" {
		n.health = "http://" + operators + "/metrics" // its only page
	}
	return n
}

var shown = regexp.MustCompile(`name="shown" value="([^"]+)"`)

// formToken reads a form as a browser does.
func formToken(t *testing.T, page string) string {
	t.Helper()
	resp, err := http.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	html, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	found := shown.FindSubmatch(html)
	if found == nil {
		t.Fatalf("no form on the page:\n%s", html)
	}
	return string(found[1])
}
