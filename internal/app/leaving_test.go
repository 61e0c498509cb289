package app_test

import (
	"net/http"
	"net/url"
	"testing"

	"vistka/internal/subscriber"
)

// rule B12: while jobs and senders hold every connection, leaving has
// one of its own.
func TestLeavingHasItsOwnConnections(t *testing.T) {
	s := newStage(t)
	for range s.app.Pool.Config().MaxConns {
		conn, err := s.app.Pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
	}
	link := s.ready.URL + "/unsubscribe/" + subscriber.UnsubscribeToken(s.app.Keys, 1, 999)
	resp, err := http.PostForm(link, url.Values{"List-Unsubscribe": {"One-Click"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("one-click answers %s", resp.Status)
	}
}
