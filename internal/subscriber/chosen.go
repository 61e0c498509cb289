package subscriber

import (
	"slices"
	"time"
)

// On is what a reader chose on a page that showed some settings, put on those that
// are found: what the reader left as the page showed it stays as it is found, for it
// may have been changed elsewhere since.
func (c Change) On(shown, found Change) Change {
	out := found
	pick(&out.Cadence, shown.Cadence, c.Cadence)
	pick(&out.Locale, shown.Locale, c.Locale)
	pick(&out.Zone, shown.Zone, c.Zone)
	pick(&out.Hour, shown.Hour, c.Hour)
	if !sameMoment(shown.PausedUntil, c.PausedUntil) {
		out.PausedUntil = c.PausedUntil
	}
	out.Topics = topicsOn(shown.Topics, c.Topics, found.Topics)
	if found.Translation != "" { // else there is nothing to choose any more
		pick(&out.Preferred, shown.Preferred, c.Preferred)
		pick(&out.Translation, shown.Translation, c.Translation)
	}
	return out
}

func pick[T comparable](out *T, shown, chosen T) {
	if chosen != shown {
		*out = chosen
	}
}

func sameMoment(a, b *time.Time) bool {
	return a == b || a != nil && b != nil && a.Equal(*b)
}

// topicsOn takes each topic by itself: those that were ticked come to the ones that
// are found, those that were unticked go. That cannot be told of everything (nil), which
// is chosen as a whole.
func topicsOn(shown, chosen, found []string) []string {
	shown, chosen, found = sorted(shown), sorted(chosen), sorted(found)
	if slices.Equal(shown, chosen) && (shown == nil) == (chosen == nil) {
		return found
	}
	if shown == nil || chosen == nil || found == nil {
		return chosen
	}
	var out []string
	for _, t := range sorted(slices.Concat(found, chosen)) {
		unticked := slices.Contains(shown, t) && !slices.Contains(chosen, t)
		ticked := slices.Contains(chosen, t) && !slices.Contains(shown, t)
		if ticked || slices.Contains(found, t) && !unticked {
			out = append(out, t)
		}
	}
	if len(out) == 0 { // a choice of nothing is none
		return chosen
	}
	return out
}
