package article

import (
	"math"
	"time"

	"vistka/internal/feed"
	"vistka/internal/locale"
)

// pair is a newsletter reading a feed, as the plan needs it.
type pair struct {
	NewsletterID int64         `db:"newsletter_id"`
	Filters      Filters       `db:"filters"`
	BaselineAt   *time.Time    `db:"baseline_at"`
	Grace        time.Duration `db:"grace"`
	PerDay       float64       `db:"per_day"`  // usual number of new articles
	Siblings     bool          `db:"siblings"` // there may be translations
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
	reason locale.Message
	due    *time.Time
	keys   []Key           // to add
	note   *locale.Message // an event for a known article
	edit   bool            // the text may replace that of the article
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
				d.reason = locale.Message{Key: "article.reason.held_burst", N: fresh}
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
		d.note = &locale.Message{Key: "article.note.address_decides", Name: k.articles[byID].Title}
	case byAddress != 0:
		d.id = byAddress
		if len(c.guids) > 0 && k.keys[c.guids[0]] == 0 {
			d.note = &locale.Message{Key: "article.note.other_id"}
		}
	case byID != 0:
		a := k.articles[byID]
		if c.usable() && feed.CanonicalURL(a.URL) != "" && fold(a.Title) != fold(c.Title) {
			return nil
		}
		d.id = byID
		if c.usable() && k.keys[c.address] == 0 && feed.CanonicalURL(a.URL) != c.address.Value {
			d.note = &locale.Message{Key: "article.note.other_address"}
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
	hold := func(why locale.Message) *decision {
		d.state, d.reason = Held, why
		return d
	}
	if p.BaselineAt == nil {
		d.state, d.reason = Baseline, locale.Message{Key: "article.reason.baseline"}
		return d
	}
	if why := p.Filters.refuse(c); why != nil {
		d.state, d.reason = Never, locale.Message{Key: "article.reason.filtered", Cause: why}
		return d
	}
	switch {
	case reused != 0:
		return hold(locale.Message{Key: "article.reason.held_reused_id", Name: k.articles[reused].Title})
	case c.shared && k.keys[c.address] != 0:
		return hold(locale.Message{Key: "article.reason.held_shared_address", Name: k.articles[k.keys[c.address]].Title})
	case k.keys[c.fingerprint] != 0 && c.PublishedAt != nil:
		return hold(locale.Message{Key: "article.reason.held_same_text"})
	case c.PublishedAt != nil && now.Sub(*c.PublishedAt) > oldAge:
		return hold(locale.Message{Key: "article.reason.held_old", Date: c.PublishedAt})
	case c.URL == "":
		return hold(locale.Message{Key: "article.reason.held_no_address"})
	}
	due := now.Add(p.Grace)
	d.state, d.due, d.reason = Waiting, &due, locale.Message{Key: "article.reason.new"}
	if p.Grace > 0 {
		d.reason = locale.Message{Key: "article.reason.grace", Cause: span(p.Grace)}
	}
	if c.PublishedAt != nil && c.PublishedAt.After(due) {
		due = *c.PublishedAt
		d.reason = locale.Message{Key: "article.reason.dated_ahead"}
	}
	return d
}

// span is a duration as part of a sentence, in the largest whole unit.
func span(d time.Duration) *locale.Message {
	switch {
	case d < time.Minute:
		return &locale.Message{Key: "article.span.seconds", N: int(d.Seconds())}
	case d < time.Hour:
		return &locale.Message{Key: "article.span.minutes", N: int(d.Minutes())}
	case d < 48*time.Hour:
		return &locale.Message{Key: "article.span.hours", N: int(d.Hours())}
	}
	return &locale.Message{Key: "article.span.days", N: int(d.Hours() / 24)}
}
