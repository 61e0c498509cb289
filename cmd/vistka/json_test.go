package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

var keyStyle = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// Whatever prints JSON, its keys are of one style.
func TestJSONHasOneStyleOfKeys(t *testing.T) {
	c, db := newsroom(t)
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/rss+xml")
		_, _ = w.Write([]byte(`<rss version="2.0"><channel><title>Site</title><item><guid>1</guid><title>One</title><link>http://` + r.Host + `/1</link></item></channel></rss>`))
	}))
	defer feed.Close()
	allow := "--feed-allow=" + strings.TrimPrefix(feed.URL, "http://")
	if _, err := db.Exec(t.Context(), `INSERT INTO notice (kind, locale, address, state, due_at, created_at) VALUES ('test', 'en', 'desk@example.org', 'queued', now(), now())`); err != nil {
		t.Fatal(err)
	}
	doubt := strings.Fields(strings.Split(c.run("", "doubt", "list"), "\n")[1])[0]
	for _, line := range []string{
		"migrate", "doctor", "version", "sending", "sending stop", "sending start",
		"newsletter add --slug more --name More --language en --from-name Desk --from-address desk@example.org --thanks en=Thanks", "newsletter list",
		"feed add --newsletter news " + feed.URL, "feed list", "feed check --newsletter news " + feed.URL, "feed poll",
		"edition list", "edition show 1", "edition pause 1", "edition resume 1", "edition retry 1", "edition cancel 1",
		"doubt list", "doubt sent " + doubt, "relay list", "seed --newsletter more -n 1", "account list",
		"subscribers erase reader@example.org", "subscribers erase reader@example.org --yes",
	} {
		out, _ := c.try("", append(strings.Fields(line), "--json", allow)...)
		var v any
		if err := json.Unmarshal([]byte(out), &v); err != nil {
			t.Errorf("vistka %s: %v in %q", line, err, out)
		}
		eachKey(v, func(key string) {
			if !keyStyle.MatchString(key) {
				t.Errorf("vistka %s has the key %q", line, key)
			}
		})
	}
	if out := c.run("", "edition", "show", "1", "--json"); !strings.Contains(out, `"in_doubt": 0`) || !strings.Contains(out, `"sent": 2`) || !strings.Contains(out, `"hold_ups": []`) {
		t.Errorf("an edition: %s", out)
	}
}

func eachKey(v any, f func(key string)) {
	switch v := v.(type) {
	case map[string]any:
		for key, below := range v {
			f(key)
			eachKey(below, f)
		}
	case []any:
		for _, below := range v {
			eachKey(below, f)
		}
	}
}
