package article

import (
	"fmt"
	"math"
	"time"

	"vistka/internal/feed"
)

// pair is a newsletter reading a feed, as the plan needs it.
type pair struct {
	NewsletterID int64         `db:"newsletter_id"`
	Filters      Filters       `db:"filters"`
	BaselineAt   *time.Time    `db:"baseline_at"`
	Grace        time.Duration `db:"grace"`
	PerDay       float64       `db:"per_day"` // usual number of new articles
}

// knownArticle is what the plan needs of an article that shares a key.
type knownArticle struct {
	ID          int64      `db:"id"`
	FeedID      *int64     `db:"feed_id"`
	URL         string     `db:"url"`
	Title       string     `db:"title"`
	State       State      `db:"state"`
	FirstSeenAt time.Time  `db:"first_seen_at"`
	PublishedAt *time.Time `db:"published_at"`
}

// known is the newsletter's memory, as far as the document touches it.
type known struct {
	keys     map[Key]int64
	articles map[int64]*knownArticle
}

// decision is what becomes of one candidate.
type decision struct {
	*candidate
	id     int64 // of the article; negative: new, in order of the plan
	state  State // of a new article
	reason string
	due    *time.Time
	keys   []Key  // to add
	note   string // an event for a known article
	edit   bool   // the text may replace that of the article
}

func (d *decision) isNew() bool { return d.id < 0 }

// plan is the outcome for one newsletter.
type plan struct {
	decisions []*decision
	gap       bool // nothing overlapped: entries may have come and gone unseen
	burst     int  // so many were held as a burst
}

// decide is the heart of the package and touches nothing: the table of cases in
// one place. now is the time of the poll, lastGood that of the last good one,
// hadEntries whether that one showed any.
func decide(p pair, k known, cands []*candidate, now time.Time, lastGood *time.Time, hadEntries bool) plan {
	var out plan
	matched, fresh := 0, 0
	for _, c := range cands {
		d := match(c, k)
		if d == nil {
			d = introduce(p, k, c, now)
			d.id = -int64(len(out.decisions) + 1)
			if d.state == Waiting || d.state == Held {
				fresh++
			}
		}
		if d.id > 0 {
			matched++
		}
		for _, key := range d.keys {
			k.keys[key] = d.id
		}
		if d.isNew() {
			if k.articles[d.id] == nil {
				k.articles[d.id] = &knownArticle{ID: d.id, URL: c.URL, Title: c.Title, State: d.state, FirstSeenAt: now, PublishedAt: c.PublishedAt}
			} else { // an entry of this very document again
				merge(out.decisions, d)
				continue
			}
		}
		out.decisions = append(out.decisions, d)
	}
	if p.BaselineAt == nil {
		return out
	}
	out.gap = hadEntries && matched == 0 && len(cands) > 1
	if limit := burstLimit(p.PerDay, now, lastGood); fresh > limit {
		out.burst = fresh
		for _, d := range out.decisions {
			if d.isNew() && d.state == Waiting {
				d.state, d.due = Held, nil
				d.reason = fmt.Sprintf("Held: %d new articles appeared at once, more than this feed usually brings. Perhaps the site changed its ids or was moved. Release them or count them as known.", fresh)
			}
		}
	}
	return out
}

func merge(list []*decision, d *decision) {
	for _, o := range list {
		if o.id == d.id {
			o.keys = append(o.keys, d.keys...)
			return
		}
	}
}

func burstLimit(perDay float64, now time.Time, lastGood *time.Time) int {
	if lastGood == nil {
		return burstFloor
	}
	days := now.Sub(*lastGood).Hours() / 24
	return max(burstFloor, int(math.Floor(burstFactor*perDay*max(0, days))))
}

// match finds the article of a candidate, or nil. The address wins over ids; an
// id that comes with another address and another title is no match.
func match(c *candidate, k known) *decision {
	var byAddress, byID int64
	if c.usable() {
		byAddress = k.keys[c.address]
	}
	for _, g := range append(c.guids, c.cms) {
		if byID == 0 && g.Kind != "" {
			byID = k.keys[g]
		}
	}
	d := &decision{candidate: c, edit: true}
	for _, key := range c.all() {
		if k.keys[key] == 0 {
			d.keys = append(d.keys, key)
		}
	}
	switch {
	case byAddress != 0 && byID != 0 && byAddress != byID:
		d.id, d.edit = byAddress, false
		d.note = fmt.Sprintf("The feed shows its address with the id of article %d; the address decides.", byID)
	case byAddress != 0:
		d.id = byAddress
		if len(c.guids) > 0 && k.keys[c.guids[0]] == 0 {
			d.note = "The feed gave it another id; the address is the same, so it is the same article."
		}
	case byID != 0:
		a := k.articles[byID]
		if c.usable() && feed.CanonicalURL(a.URL) != "" && fold(a.Title) != fold(c.Title) {
			return nil
		}
		d.id = byID
		if c.usable() && k.keys[c.address] == 0 && feed.CanonicalURL(a.URL) != c.address.Value {
			d.note = "The feed gave it another address; the id is the same, so it is the same article."
		}
	case len(c.guids) == 0 && !c.usable() && k.keys[c.fingerprint] != 0:
		d.id = k.keys[c.fingerprint]
	default:
		return nil
	}
	return d
}

// introduce decides about an entry that is no known article.
func introduce(p pair, k known, c *candidate, now time.Time) *decision {
	d := &decision{candidate: c}
	var reused int64
	for _, key := range c.all() {
		if id := k.keys[key]; id == 0 {
			d.keys = append(d.keys, key)
		} else if key.Kind == "guid" || key.Kind == "cms" {
			reused = id
		}
	}
	hold := func(format string, args ...any) *decision {
		d.state, d.reason = Held, fmt.Sprintf("Held: "+format, args...)
		return d
	}
	if p.BaselineAt == nil {
		d.state, d.reason = Baseline, "It was in the feed when the feed was added: known, not news."
		return d
	}
	if why := p.Filters.refuse(c); why != "" {
		d.state, d.reason = Never, "Outside this newsletter's filter: "+why+"."
		return d
	}
	switch {
	case reused != 0:
		return hold("it has the id of “%s” but another address and another title. Is it a new article under an old id?", k.articles[reused].Title)
	case c.shared && k.keys[c.address] != 0:
		return hold("its address is also that of “%s”. Is it a new article?", k.articles[k.keys[c.address]].Title)
	case k.keys[c.fingerprint] != 0 && c.PublishedAt != nil:
		return hold("its title and time are those of an article already known, under another id and address. Is it the same?")
	case c.PublishedAt != nil && now.Sub(*c.PublishedAt) > oldAge:
		return hold("it appeared today but is dated %s, more than 30 days ago.", c.PublishedAt.Format("2 January 2006"))
	case c.URL == "":
		return hold("it has no address that readers could open.")
	}
	due := now.Add(p.Grace)
	d.state, d.due, d.reason = Waiting, &due, "New. It is released once its page answers."
	if p.Grace > 0 {
		d.reason = fmt.Sprintf("New. It waits %s, in case it is corrected or taken back.", span(p.Grace))
	}
	if c.PublishedAt != nil && c.PublishedAt.After(due) {
		due = *c.PublishedAt
		d.reason = "New, but dated in the future: it waits until then."
	}
	return d
}

// span is a duration in words.
func span(d time.Duration) string {
	unit := func(n int, one, many string) string {
		if n == 1 {
			return "1 " + one
		}
		return fmt.Sprintf("%d %s", n, many)
	}
	switch {
	case d < time.Minute:
		return unit(int(d.Seconds()), "second", "seconds")
	case d < time.Hour:
		return unit(int(d.Minutes()), "minute", "minutes")
	case d < 48*time.Hour:
		return unit(int(d.Hours()), "hour", "hours")
	}
	return unit(int(d.Hours()/24), "day", "days")
}
