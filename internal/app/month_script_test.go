package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/feed"
	"vistka/internal/postgres"
	"vistka/internal/subscriber"
)

type feedResponse = feed.Response

// script is what the newsrooms and editors do, by the hour of the month: 40
// pieces a newsletter, and each way of a feed to go wrong once or more.
func (m *month) script() map[int][]func() {
	script := map[int][]func(){}
	at := func(day, hour int, act func()) { script[day*24+hour] = append(script[day*24+hour], act) }
	uk, en, alone := 0, 1, 2
	next := []int{100, 100, 100}
	publish := func(i, of int, change ...func(*entry)) string {
		e := m.piece(i, next[i], of, m.clock.Now())
		next[i]++
		for _, f := range change {
			f(&e)
		}
		m.room.publish(m.urls[i], e)
		m.expects[e.title] = true
		return e.title
	}
	for n := range 32 { // plain news, and every other story a translation some hours before or after
		hour := n*22 + 5
		script[hour] = append(script[hour], func() { publish(uk, -1) })
		of, shift := -1, 0
		if n%2 == 0 {
			of, shift = 100+n, []int{-3, 2, 9, 15}[n/2%4]
		}
		script[hour+shift] = append(script[hour+shift], func() { publish(en, of) })
		script[hour+1] = append(script[hour+1], func() { publish(alone, -1) })
	}
	last := func(i int, change func(shown []entry)) { m.room.edit(m.urls[i], change) }

	at(2, 4, func() {
		last(alone, func(e []entry) {
			delete(m.expects, e[0].title)
			e[0].title, e[0].text = e[0].title+", edited", "Better."
			m.expects[e[0].title] = true
		})
	})
	at(3, 4, func() { last(uk, func(e []entry) { e[0].at = m.clock.Now() }) })
	at(4, 4, func() {
		last(alone, func(e []entry) { e[0].guid, e[0].link = e[0].guid+"-new", e[0].link+"/?utm_source=rss" })
	})
	burst := func(i, n int) {
		for range n {
			publish(i, -1)
		}
	}
	at(5, 0, func() { burst(alone, 7) }) // too many at once: a person releases them
	at(5, 3, func() {
		n, err := m.Articles.ReleaseHeld(m.ctx, m.model.letters[alone].id, 0, "")
		if m.must(err); n != 7 {
			m.t.Errorf("%d of a burst of 7 were held", n)
		}
	})
	at(6, 1, func() { // the site is moved: everything looks new
		last(alone, func(e []entry) {
			for i := range e {
				e[i].guid, e[i].link, e[i].title = "moved:"+e[i].guid, fmt.Sprintf("https://alone.example/moved/%s", e[i].guid), e[i].title+" (moved)"
				m.expects[e[i].title] = false
			}
		})
	})
	at(6, 5, func() {
		_, err := m.Articles.BaselineHeld(m.ctx, m.model.letters[alone].id, 0, "")
		m.must(err)
	})
	at(10, 6, func() { m.expects[publish(uk, -1, func(e *entry) { e.at = e.at.AddDate(0, 0, -40) })] = false })
	at(8, 7, func() { publish(alone, -1, func(e *entry) { e.guid = "" }) })
	at(9, 7, func() { publish(uk, -1, func(e *entry) { e.guid = "tag:uk,101" }) }) // an id used before: held
	at(9, 9, func() {
		_, err := m.Articles.ReleaseHeld(m.ctx, m.model.letters[uk].id, 0, "")
		m.must(err)
	})
	at(10, 7, func() {
		shared := func(e *entry) { e.link = "https://alone.example/live" }
		publish(alone, -1, shared)
		publish(alone, -1, shared)
	})
	at(11, 7, func() {
		last(alone, func(e []entry) { e[4].guid = e[5].guid + "-again"; e[3].guid, e[2].guid = e[2].guid, e[3].guid })
	})
	at(12, 7, func() { last(uk, func(e []entry) { slices.Reverse(e) }) })
	at(12, 9, func() { last(uk, func(e []entry) { slices.Reverse(e); e[0], e[len(e)-1] = e[len(e)-1], e[0] }) })
	at(13, 7, func() { publish(alone, -1, func(e *entry) { e.at = e.at.AddDate(0, 0, -10) }) })
	at(14, 7, func() { publish(alone, -1, func(e *entry) { e.at = e.at.Add(18 * time.Hour) }) })
	at(15, 7, func() { publish(en, -1, func(e *entry) { m.room.dead[e.link] = 503 }) })
	at(15, 12, func() { clear(m.room.dead) })
	at(16, 7, func() { publish(alone, -1, func(e *entry) { e.link = "https://alone.example/soon-gone" }) })
	at(16, 9, func() { m.room.dead["https://alone.example/soon-gone"] = 404 })
	at(17, 7, func() { burst(alone, 14) }) // more than the feed shows: a gap, and held
	at(17, 8, func() {
		_, err := m.Articles.ReleaseHeld(m.ctx, m.model.letters[alone].id, 0, "")
		m.must(err)
		for n := next[alone] - 14; n < next[alone]-10; n++ {
			delete(m.expects, fmt.Sprintf("alone %d", n)) // never seen
		}
	})
	for hour, body := range []string{"", "<html><body>We will be back</body></html>", `<rss version="2.0"><channel><title>T</title><item><title>half`, " "} {
		at(18, hour, func() {
			for _, url := range m.urls {
				m.room.broken[url] = func() feed.Response {
					if body == "" {
						return feed.Response{}
					}
					return feed.Response{Body: []byte(body), ContentType: "text/html", FinalURL: url}
				}
				m.room.changed[url] = true
			}
		})
	}
	at(18, 5, func() {
		clear(m.room.broken)
		for _, url := range m.urls {
			m.room.changed[url] = true
		}
	})
	newest := func(i int) (id int64) {
		return m.id(`SELECT id FROM article WHERE newsletter_id = $1 AND state = 'released' AND withdrawn_at IS NULL AND released_at < $2 ORDER BY seq DESC LIMIT 1`,
			m.model.letters[i].id, m.clock.Now().Add(-30*time.Minute))
	}
	at(21, 11, func() { m.must(m.Articles.Withdraw(m.ctx, newest(uk), 0, "")) })
	for _, i := range []int{alone, en} { // edited on the site, and those who have it are told
		at(22+i, 12, func() {
			id := newest(i)
			m.exec(`UPDATE article SET summary = 'Corrected.', updated_at = $2 WHERE id = $1`, id, m.clock.Now())
			m.act(func(ctx context.Context, tx pgx.Tx) error {
				_, err := m.Editions.Correct(ctx, tx, id, 0, "It was wrong.")
				return err
			})
			m.model.corrected(m.model.letters[i].id, id, m.clock.Now())
		})
	}
	at(25, 10, func() {
		for range 10 {
			r := m.model.readers[m.rnd.IntN(monthReaders)]
			if r.subs[m.model.letters[alone].id] == nil {
				m.join(r, alone, "Europe/Kyiv")
			}
		}
	})
	at(26, 10, func() {
		id := newest(alone)
		m.act(func(ctx context.Context, tx pgx.Tx) error {
			_, err := m.Editions.MailAgain(ctx, tx, id)
			return err
		})
		m.model.mailedAgain(m.model.letters[alone].id, id)
	})
	return script
}

func (m *month) act(do func(ctx context.Context, tx pgx.Tx) error) {
	m.t.Helper()
	m.must(postgres.InTx(m.ctx, m.Pool, func(tx pgx.Tx) error { return do(m.ctx, tx) }))
}

// readerActs lets one reader change something, through the links of the mails.
func (m *month) readerActs() {
	r := m.model.readers[m.rnd.IntN(monthReaders)]
	l := m.model.letters[m.rnd.IntN(3)]
	s := r.subs[l.id]
	if s == nil {
		return
	}
	now := m.clock.Now()
	link := subscriber.PreferencesToken(m.Keys, l.id, r.id)
	restart := func() {
		s.due = time.Time{}
		if from := now; s.cadence != "instant" {
			if s.paused.After(from) {
				from = s.paused
			}
			s.due = nextSlot(s.cadence, s.zone, s.hour, from)
		}
	}
	if !s.active {
		back, err := m.Subscribers.Undo(m.ctx, link, subscriber.Evidence{})
		if m.must(err); !back {
			m.t.Errorf("leaving cannot be undone")
		}
		s.active = true
		restart()
		return
	}
	if m.rnd.IntN(4) == 0 {
		_, err := m.Subscribers.Unsubscribe(m.ctx, link, subscriber.FromPage, subscriber.Evidence{})
		m.must(err)
		s.active = false
		return
	}
	p, err := m.Subscribers.Preferences(m.ctx, link)
	m.must(err)
	c := p.Change()
	switch m.rnd.IntN(3) {
	case 0:
		c.Cadence = m.oneOf("instant", "daily", "weekly", "monthly")
	case 1:
		c.Hour = []int16{3, 8, 18}[m.rnd.IntN(3)]
	default:
		until := now.Add(time.Duration(1+m.rnd.IntN(100)) * time.Hour)
		c.PausedUntil = &until
	}
	_, err = m.Subscribers.SavePreferences(m.ctx, link, c, subscriber.Evidence{})
	m.must(err)
	if c.PausedUntil == nil && !s.paused.After(now) && c.Cadence == s.cadence && int(c.Hour) == s.hour {
		return // saved as it was: a digest that is late is not put off
	}
	s.cadence, s.hour, s.paused = c.Cadence, int(c.Hour), time.Time{}
	if c.PausedUntil != nil {
		s.paused = *c.PausedUntil
	}
	restart()
}
