package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// site is a news site with a feed for each newsletter, /NAME.xml. Every other
// address is an article's page and answers 200.
type site struct {
	http *http.Server
	ln   net.Listener

	mu    sync.Mutex
	feeds map[string][]story
}

// story is one article; Text is what its mail grows by.
type story struct{ Title, Text string }

func newSite() (*site, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &site{ln: ln, feeds: map[string][]story{}}
	s.http = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.http.Serve(ln) }() // until close
	return s, nil
}

func (s *site) host() string { return s.ln.Addr().String() }

func (s *site) url() string { return "http://" + s.host() }

func (s *site) feed(name string) string { return s.url() + "/" + name + ".xml" }

// publish puts an article at the top of a feed.
func (s *site) publish(name string, a story) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.feeds[name] = append(s.feeds[name], a)
}

func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	name, isFeed := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/"), ".xml")
	if !isFeed {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/rss+xml")
	fmt.Fprintf(w, `<rss version="2.0"><channel><title>%s</title><link>%s/</link>`, name, s.url())
	all := s.feeds[name]
	for i := len(all) - 1; i >= 0; i-- {
		fmt.Fprintf(w, `<item><guid>%[1]s-%[2]d</guid><link>%[3]s/%[1]s/%[2]d</link><title>%[4]s</title><description>%[5]s</description></item>`,
			name, i, s.url(), all[i].Title, all[i].Text)
	}
	fmt.Fprint(w, `</channel></rss>`)
}

func (s *site) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return errors.Join(s.http.Shutdown(ctx), s.http.Close())
}

// filler is plain English of about so many characters, in paragraphs with
// links, as it stands in a feed.
func filler(characters int) string {
	const sentence = "The council heard the report on Tuesday and asked for the figures behind it. "
	const linked = "Who paid for the road is still not known. "
	const link = `&lt;a href="https://news.example/2026/11/the-road-to-the-river-and-who-paid-for-it"&gt;%s&lt;/a&gt;`
	const paragraph = 14 // sentences: a mail ends with the paragraph that has made it long enough
	var b strings.Builder
	for i := 0; characters > 0; i++ {
		if i%paragraph == 0 {
			b.WriteString("&lt;p&gt;")
		}
		if i%2 == 1 && characters >= len(linked) {
			fmt.Fprintf(&b, link, linked)
			characters -= len(linked)
			continue
		}
		b.WriteString(sentence[:min(len(sentence), characters)])
		characters -= len(sentence)
	}
	return b.String()
}
