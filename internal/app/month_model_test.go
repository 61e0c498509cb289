package app

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// The model of a month: what each reader's mailbox must hold, told with sets of
// articles and the calendar of Go, without marks, without SQL. It is given which
// articles were released and withdrawn when, and what readers and editors did.

type modelArticle struct {
	ID, Letter, Story, Seq int64
	Topics                 []string
	ReleasedAt             time.Time
	WithdrawnAt            *time.Time
}

type modelLetter struct {
	id, family, last int64 // last: the seq fanned out
	language         string
}

type modelReader struct {
	id       int64
	locale   string
	fallback string
	subs     map[int64]*modelSub // by newsletter
	stories  map[[2]int64]bool   // family and story: had
}

type modelSub struct {
	cadence string
	zone    *time.Location
	hour    int
	topics  []string // nil: all
	active  bool
	paused  time.Time
	due     time.Time           // of a digest
	pending map[int64]time.Time // article → not before
	had     map[int64]bool      // articles
}

// mail is one as both sides tell it.
type mail struct {
	reader, letter int64
	kind           string
	at             time.Time
	articles       string
}

type model struct {
	letters  []*modelLetter
	readers  []*modelReader
	articles map[int64]*modelArticle
	late     time.Duration
	wait     time.Duration
	mails    []mail
	put      []mail // corrections that wait for the end of a pause
}

// nextSlot is the first slot strictly after a moment. An hour that the autumn
// repeats is its second passing.
func nextSlot(cadence string, zone *time.Location, hour int, after time.Time) time.Time {
	y, m, d := after.In(zone).Date()
	for {
		at := time.Date(y, m, d, hour, 0, 0, 0, zone)
		if later := at.Add(time.Hour); later.Hour() == hour {
			at = later
		}
		if at.After(after) && (cadence == "daily" || cadence == "weekly" && at.Weekday() == time.Monday || cadence == "monthly" && at.Day() == 1) {
			return at.UTC()
		}
		d++
	}
}

func (m *model) released(a modelArticle) {
	if known := m.articles[a.ID]; known != nil {
		known.WithdrawnAt, known.Topics = a.WithdrawnAt, a.Topics // as they stand when somebody's turn comes
		return
	}
	m.articles[a.ID] = &a
	for _, r := range m.readers {
		if s := r.subs[a.Letter]; s != nil {
			s.pending[a.ID] = time.Time{}
		}
	}
}

func (s *modelSub) mails(now time.Time) bool { return s != nil && s.active && !s.paused.After(now) }

// step is everything that is due at one moment.
func (m *model) step(now time.Time) {
	for _, l := range m.letters {
		last := l.last
		for _, a := range m.articles {
			if a.Letter == l.id {
				last = max(last, a.Seq)
			}
		}
		for head := l.last + 1; head <= last; head++ {
			m.instant(l, head, now)
		}
		m.instant(l, last, now)
		l.last = last
		m.slots(l, now)
	}
	m.put = slices.DeleteFunc(m.put, func(c mail) bool {
		if c.at.After(now) {
			return false
		}
		c.at = now
		m.mails = append(m.mails, c)
		return true
	})
}

func (m *model) instant(l *modelLetter, head int64, now time.Time) {
	for _, r := range m.readers {
		if s := r.subs[l.id]; s.mails(now) && s.cadence == "instant" {
			m.settle(l, r, head, now)
		}
	}
}

func (m *model) slots(l *modelLetter, now time.Time) {
	floor := now.Add(-m.late)
	after := func(s *modelSub, at time.Time) time.Time {
		if at.Before(floor) {
			at = floor
		}
		return nextSlot(s.cadence, s.zone, s.hour, at)
	}
	due := map[time.Time]bool{}
	for _, r := range m.readers {
		s := r.subs[l.id]
		if s == nil || !s.active || s.cadence == "instant" {
			continue
		}
		if s.due.Before(floor) {
			s.due = after(s, s.due)
		}
		if s.mails(now) && !s.due.After(now) {
			due[s.due] = true
		}
	}
	for _, slot := range slices.SortedFunc(maps.Keys(due), time.Time.Compare) {
		var head int64
		for _, a := range m.articles {
			if a.Letter == l.id && !a.ReleasedAt.After(slot) {
				head = max(head, a.Seq)
			}
		}
		for _, r := range m.readers {
			if s := r.subs[l.id]; s.mails(now) && s.cadence != "instant" && s.due.Equal(slot) {
				m.settle(l, r, head, now)
				s.due = after(s, slot)
			}
		}
	}
}

// settle decides about everything pending up to a seq.
func (m *model) settle(l *modelLetter, r *modelReader, head int64, now time.Time) {
	s := r.subs[l.id]
	var chosen []*modelArticle
	for _, a := range slices.SortedFunc(maps.Values(m.articles), func(a, b *modelArticle) int { return int(a.Seq - b.Seq) }) {
		notBefore, pending := s.pending[a.ID]
		if a.Letter != l.id || !pending || a.Seq > head || notBefore.After(now) {
			continue
		}
		delete(s.pending, a.ID)
		story := [2]int64{l.family, a.Story}
		wanted := s.topics == nil || slices.ContainsFunc(a.Topics, func(t string) bool { return slices.Contains(s.topics, t) })
		until := a.ReleasedAt.Add(m.wait)
		switch {
		case a.WithdrawnAt != nil && !a.WithdrawnAt.After(now), !wanted, r.stories[story]:
		case m.prefersSibling(l, r, now) && r.fallback != "first" && until.After(now):
			s.pending[a.ID] = until
		case m.prefersSibling(l, r, now) && r.fallback == "only":
		default:
			r.stories[story] = true
			s.had[a.ID] = true
			chosen = append(chosen, a)
		}
	}
	if len(chosen) > 0 {
		m.mails = append(m.mails, mail{r.id, l.id, s.cadence, now, idsOf(chosen)})
	}
}

func idsOf(list []*modelArticle) string {
	var ids []int64
	for _, a := range list {
		ids = append(ids, a.ID)
	}
	return fmt.Sprint(ids)
}

func (m *model) prefersSibling(l *modelLetter, r *modelReader, now time.Time) bool {
	return l.language != r.locale && slices.ContainsFunc(m.letters, func(o *modelLetter) bool {
		return o.family == l.family && o.id != l.id && o.language == r.locale && r.subs[o.id].mails(now)
	})
}

// corrected is an editor's correction: to those who have it.
func (m *model) corrected(letter, article int64, now time.Time) {
	for _, r := range m.readers {
		s := r.subs[letter]
		if s == nil || !s.active || !s.had[article] {
			continue
		}
		at := now
		if s.paused.After(now) {
			at = s.paused
		}
		m.put = append(m.put, mail{r.id, letter, "correction", at, fmt.Sprint([]int64{article})})
	}
}

// mailedAgain is an editor's wish that those get it who have not.
func (m *model) mailedAgain(letter, article int64) {
	for _, r := range m.readers {
		if s := r.subs[letter]; s != nil && s.active && !s.had[article] {
			if _, pending := s.pending[article]; !pending {
				s.pending[article] = time.Time{}
			}
		}
	}
}
