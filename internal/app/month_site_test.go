package app

import (
	"context"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"time"

	"vistka/internal/feed"
	"vistka/internal/locale"
)

// entry is what one newsletter's feed shows of one piece.
type entry struct {
	guid, link, title, text string
	at                      time.Time
	topic                   string
	translation             string // address of it in the other language
}

// newsroom is the sites of all newsletters, in memory: a feed each, newest
// first, and pages that may be dead.
type newsroom struct {
	feeds   map[string][]entry // by address
	broken  map[string]func() feed.Response
	dead    map[string]int // page → status
	shown   int
	changed map[string]bool
}

func (s *newsroom) Fetch(_ context.Context, r feed.Request) (feed.Response, error) {
	if s.broken[r.URL] != nil {
		if resp := s.broken[r.URL](); resp.Body != nil {
			return resp, nil
		}
		return feed.Response{}, &feed.Error{Kind: feed.KindStatus, URL: r.URL, Status: 500, Words: locale.Message{Key: "feed.problem.fault", N: 500}}
	}
	type link struct {
		Rel  string `xml:"rel,attr"`
		Lang string `xml:"hreflang,attr"`
		Href string `xml:"href,attr"`
	}
	type item struct {
		GUID  string `xml:"guid,omitempty"`
		Link  string `xml:"link"`
		Title string `xml:"title"`
		Text  string `xml:"description"`
		Date  string `xml:"pubDate"`
		Topic string `xml:"category"`
		Alt   *link  `xml:"http://www.w3.org/2005/Atom link"`
	}
	var doc struct {
		XMLName xml.Name `xml:"rss"`
		Version string   `xml:"version,attr"`
		Title   string   `xml:"channel>title"`
		Link    string   `xml:"channel>link"`
		Items   []item   `xml:"channel>item"`
	}
	doc.Version, doc.Title, doc.Link = "2.0", "The site", strings.TrimSuffix(r.URL, "feed")
	for _, e := range s.feeds[r.URL][:min(s.shown, len(s.feeds[r.URL]))] {
		i := item{GUID: e.guid, Link: e.link, Title: e.title, Text: e.text, Date: e.at.Format(time.RFC1123Z), Topic: e.topic}
		if e.translation != "" {
			i.Alt = &link{"alternate", "x", e.translation}
		}
		doc.Items = append(doc.Items, i)
	}
	body, err := xml.Marshal(doc)
	return feed.Response{Body: body, ContentType: "application/rss+xml", FinalURL: r.URL}, err
}

func (s *newsroom) CheckPage(_ context.Context, url string) feed.PageStatus {
	status := s.dead[url]
	return feed.PageStatus{Live: status == 0, Gone: status == 404, Status: status, Words: locale.Message{Key: "article.page.status", N: status}}
}

func (*newsroom) Discover(context.Context, string) ([]feed.Candidate, error) { return nil, nil }

// publish puts entries on top of a feed.
func (s *newsroom) publish(url string, list ...entry) {
	s.feeds[url] = append(slices.Clone(list), s.feeds[url]...)
	s.changed[url] = true
}

// edit changes the entries that a feed shows, the newest first.
func (s *newsroom) edit(url string, change func(shown []entry)) {
	change(s.feeds[url][:min(s.shown, len(s.feeds[url]))])
	s.changed[url] = true
}

// piece is the n-th of a newsletter.
func piece(letter string, n int, at time.Time) entry {
	return entry{
		guid: fmt.Sprintf("tag:%s,%d", letter, n), link: fmt.Sprintf("https://%s.example/%d", letter, n), title: fmt.Sprintf("%s %d", letter, n),
		text: fmt.Sprintf("Text of %s %d.", letter, n), at: at, topic: []string{"a", "b", "c"}[n%3],
	}
}
