package article

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vistka/internal/feed"
)

// The model of F4: a site that keeps its pieces in a set and knows which feed
// entry is which piece. Whatever it does to the feed, a piece is mailed at most
// once; and a piece that the feed showed plainly is mailed, or a person is asked.

// piece is what the site published, with its present looks.
type piece struct {
	item
	n     int
	shown bool
}

type site struct {
	pieces []*piece
	guids  int
}

func (s *site) publish(now time.Time) *piece {
	n := len(s.pieces)
	p := &piece{n: n, shown: true, item: item{
		guid: fmt.Sprintf("g%d", n), link: fmt.Sprintf("https://www.example.org/%d", n),
		title: fmt.Sprintf("Piece %d", n), text: fmt.Sprintf("[%d]", n), at: now.Add(-time.Minute),
	}}
	s.pieces = append(s.pieces, p)
	return p
}

// act changes one thing about the feed.
func (s *site) act(t *rapid.T, now time.Time) {
	p := s.pieces[rapid.IntRange(0, len(s.pieces)-1).Draw(t, "piece")]
	switch rapid.SampledFrom([]string{"publish", "publish", "edit", "date", "guid", "all guids", "link", "slug", "hide", "show", "lose guid", "move"}).Draw(t, "act") {
	case "publish":
		s.publish(now)
	case "edit":
		p.text += " edited"
		p.title = fmt.Sprintf("Piece %d, edition %d", p.n, len(p.text))
	case "date":
		p.at = now
	case "guid":
		s.newGUID(p)
	case "all guids":
		for _, p := range s.pieces {
			s.newGUID(p)
		}
	case "link": // another spelling of the same address
		p.link = fmt.Sprintf(rapid.SampledFrom([]string{"http://www.example.org/%d", "https://example.org/%d/", "https://example.org/%d?utm_source=rss", "https://EXAMPLE.org:443/%d#top"}).Draw(t, "spelling"), p.n)
	case "slug": // another address under the same id; seen before anything else changes
		if p.guid != "" && p.shown && !strings.Contains(p.link, "moved") {
			p.link = fmt.Sprintf("https://example.org/moved-%d", p.n)
		}
	case "hide":
		p.shown = false
	case "show":
		p.shown = true
	case "lose guid":
		p.guid = ""
	case "move": // other id, other address, the same title and time; seen before those change as well, for then nothing would tell it from a new piece
		if p.shown && !strings.Contains(p.link, "gone-to") {
			s.newGUID(p)
			p.link = fmt.Sprintf("https://example.net/gone-to/%d", p.n)
		}
	}
}

func (s *site) newGUID(p *piece) {
	s.guids++
	p.guid = fmt.Sprintf("h%d", s.guids)
}

// feed is the present document, shuffled, with doubles.
func (s *site) feed(t *rapid.T) (string, []*piece) {
	var shown []*piece
	var items []item
	for _, p := range s.pieces {
		if p.shown {
			shown = append(shown, p)
			items = append(items, p.item)
			if rapid.IntRange(0, 9).Draw(t, "double") == 0 {
				items = append(items, p.item)
			}
		}
	}
	if len(items) > 1 {
		items = rapid.Permutation(items).Draw(t, "order")
	}
	return rss("https://example.org", items), shown
}

// memory plays the database's part for decide: permanent keys and articles.
type memory struct {
	known
	next     int64
	baseline *time.Time
	good     *time.Time
	entries  int
	pieceOf  map[int64]int
	released map[int][]int64 // piece → articles that would be mailed
	asked    map[int]bool    // piece → a person was asked
}

func newMemory() *memory {
	return &memory{known: known{keys: map[Key]int64{}, articles: map[int64]*knownArticle{}}, pieceOf: map[int64]int{}, released: map[int][]int64{}, asked: map[int]bool{}}
}

func (m *memory) record(t *rapid.T, body string, now time.Time) {
	doc, err := feed.Parse([]byte(body), "text/xml", "https://example.org/feed")
	if err != nil {
		t.Fatal(err)
	}
	k := known{keys: map[Key]int64{}, articles: map[int64]*knownArticle{}}
	for key, id := range m.keys {
		k.keys[key] = id
	}
	for id, a := range m.articles {
		k.articles[id] = a
	}
	for _, d := range decide(pair{BaselineAt: m.baseline, PerDay: 100}, k, candidates(doc), now, m.good, m.entries > 0).decisions {
		id := d.id
		var n int
		if _, err := fmt.Sscanf(d.Summary, "[%d]", &n); err != nil {
			t.Fatal(err)
		}
		if d.isNew() {
			m.next++
			id = m.next
			m.articles[id] = &knownArticle{ID: id, URL: d.URL, Title: d.Title, State: d.state}
			m.pieceOf[id] = n
			switch d.state {
			case Waiting:
				m.released[n] = append(m.released[n], id)
			case Held:
				m.asked[n] = true
			}
		} else {
			if m.pieceOf[id] != n && d.edit {
				t.Fatalf("piece %d became article %d, which is piece %d", n, id, m.pieceOf[id])
			}
			if d.edit {
				m.articles[id].Title, m.articles[id].URL = d.Title, d.URL
			}
		}
		for _, key := range d.keys {
			if m.keys[key] == 0 {
				m.keys[key] = id
			}
		}
	}
	if m.baseline == nil {
		m.baseline = &now
	}
	m.good, m.entries = &now, len(doc.Entries)
}

// history is what a site showed, poll by poll. The first document is the baseline.
type history struct {
	bodies   []string
	baseline int          // pieces below are of the baseline
	plain    map[int]bool // pieces that were shown after it
}

var histories = rapid.Custom(func(t *rapid.T) history {
	now, s := start, &site{}
	for range rapid.IntRange(1, 4).Draw(t, "at first") {
		s.publish(now)
	}
	body, _ := s.feed(t)
	h := history{bodies: []string{body}, baseline: len(s.pieces), plain: map[int]bool{}}
	for range rapid.IntRange(1, 12).Draw(t, "polls") {
		now = now.Add(10 * time.Minute)
		s.act(t, now)
		body, shown := s.feed(t)
		h.bodies = append(h.bodies, body)
		for _, p := range shown {
			h.plain[p.n] = true
		}
	}
	return h
})

// judge compares how often each piece was mailed with what may be. asked are
// the pieces that wait for a person.
func (h history) judge(mailed map[int]int, asked map[int]bool) string {
	for n, times := range mailed {
		if n < h.baseline {
			return fmt.Sprintf("piece %d of the baseline was mailed", n)
		}
		if times > 1 {
			return fmt.Sprintf("piece %d was mailed %d times", n, times)
		}
	}
	for n := range h.plain {
		if n >= h.baseline && mailed[n] == 0 && !asked[n] {
			return fmt.Sprintf("piece %d was shown and neither mailed nor put to a person", n)
		}
	}
	return ""
}

func TestNoPieceIsMailedTwiceInAnyHistory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		for range 3 { // rapid checks 100 times: three hundred histories
			h, m, now := histories.Draw(t, "history"), newMemory(), start
			for _, body := range h.bodies {
				m.record(t, body, now)
				now = now.Add(10 * time.Minute)
			}
			mailed := map[int]int{}
			for n, ids := range m.released {
				mailed[n] = len(ids)
			}
			if wrong := h.judge(mailed, m.asked); wrong != "" {
				t.Fatal(wrong)
			}
		}
	})
}

// The same through the database: recording, releasing and memory are the real
// ones, and two processes poll each document.
func TestNoPieceIsMailedTwiceInTheDatabase(t *testing.T) {
	t.Parallel()
	f := setUp(t, 0)
	web := &script{}
	f.Fetcher = web
	for i := range 25 {
		h := histories.Example(i)
		f.Clock.Set(start)
		id := f.addNewsletter(fmt.Sprintf("history-%d", i), 0)
		web.body = h.bodies[0]
		added, err := f.AddFeed(f.ctx, id, fmt.Sprintf("https://example.org/feed-%d", i))
		f.must(err)
		for _, body := range h.bodies[1:] {
			f.Clock.Advance(10 * time.Minute)
			web.body = body
			together(t, 2, func(int) error {
				_, err := f.PollNow(f.ctx, added.FeedID)
				return err
			})
		}
		rows, _, err := List(f.ctx, f.pool, Filter{NewsletterID: id, Limit: 200})
		f.must(err)
		mailed, asked := map[int]int{}, map[int]bool{}
		for _, r := range rows {
			var n int
			if _, err := fmt.Sscanf(r.Summary, "[%d]", &n); err != nil {
				t.Fatal(err)
			}
			switch r.State {
			case Released:
				mailed[n]++
			case Held:
				asked[n] = true
			}
		}
		if wrong := h.judge(mailed, asked); wrong != "" {
			t.Fatalf("history %d: %s\n%s\n%s", i, wrong, f.states(), strings.Join(h.bodies, "\n"))
		}
	}
}

// script is a web where every page is live and the feed is what it is told.
type script struct{ body string }

func (s *script) Fetch(_ context.Context, r feed.Request) (feed.Response, error) {
	return feed.Response{Body: []byte(s.body), ContentType: "text/xml", FinalURL: r.URL}, nil
}

func (s *script) CheckPage(context.Context, string) feed.PageStatus {
	return feed.PageStatus{Live: true, Status: 200}
}

func (s *script) Discover(_ context.Context, url string) ([]feed.Candidate, error) {
	return []feed.Candidate{{URL: url}}, nil
}
