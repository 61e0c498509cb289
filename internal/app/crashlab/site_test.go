package crashlab_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
)

// site is a news site that shows as many articles as it is told to.
type site struct {
	*httptest.Server
	articles atomic.Int64
}

func newSite(t *testing.T) *site {
	s := &site{}
	s.articles.Store(3) // those a feed begins with are not mailed
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/feed.xml" {
			return // any article's page answers 200
		}
		w.Header().Set("Content-Type", "application/rss+xml")
		fmt.Fprintf(w, `<rss version="2.0"><channel><title>Site</title><link>http://%s/</link>`, r.Host)
		last := s.articles.Load()
		for n := last; n > max(0, last-20); n-- {
			fmt.Fprintf(w, `<item><guid>a%d</guid><link>http://%s/a%d</link><title>Article %d</title><description>Text of article %d.</description></item>`, n, r.Host, n, n, n)
		}
		fmt.Fprint(w, `</channel></rss>`)
	}))
	t.Cleanup(s.Close)
	return s
}

// ping tells the service that the site has something new.
func (n *node) ping() {
	n.lab.t.Helper()
	resp, err := http.PostForm(n.baseURL+"/hooks/ping", url.Values{"url": {n.lab.news.URL + "/feed.xml"}})
	if err != nil {
		n.lab.t.Fatal(err)
	}
	resp.Body.Close()
}
