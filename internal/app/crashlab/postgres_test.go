package crashlab_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestPostgresGoesAway stops Postgres immediately in mid-edition (rule
// D11): the service stays up and says that it is not ready, nothing is mailed
// that could not be recorded, and it goes on by itself.
func TestPostgresGoesAway(t *testing.T) {
	t.Parallel()
	const readers = 2000
	outages := []time.Duration{time.Second}
	if long() { // the last one outlives the lease on the relay
		outages = []time.Duration{time.Second, 15 * time.Second, 45 * time.Second}
	}
	db := newDatabase(t)
	l := newLab(t, dataDir(t), db.server.URL(), readers)
	n := l.node(dataDir(t))
	n.start()
	edition := l.publish(n)()
	for i, outage := range outages {
		l.accepted((i + 1) * readers / (len(outages) + 2))
		db.crash()
		before := l.relay.Journal.Len()
		until(t, "the service says that it is not ready", func() bool { return n.status("/readyz") == http.StatusServiceUnavailable })
		pass(outage)
		if more := l.relay.Journal.Len() - before; more > connections {
			t.Errorf("%d mails went out without Postgres, on %d connections", more, connections)
		}
		if status := n.signUp("someone@example.com"); status != http.StatusServiceUnavailable {
			t.Errorf("a sign-up without Postgres answers %d", status)
		}
		db.start()
		l.desk.Pool.Reset()
		until(t, "the service is ready again", n.ready)
	}
	f := l.reconcile(edition, readers)
	if len(f.Twice) > connections*len(outages) {
		t.Errorf("%d mails came twice, more than the %d connections", len(f.Twice), connections)
	}
	t.Logf("Postgres away for %v: %s", outages, f)
}

// signUp asks for the newsletter as a site's own program does.
func (n *node) signUp(address string) (status int) {
	n.lab.t.Helper()
	resp, err := http.Post(n.baseURL+"/api/v1/subscriptions", "application/json", strings.NewReader(`{"newsletter": "watch", "email": "`+address+`"}`))
	if err != nil {
		n.lab.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}
