package server

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"vistka/internal/locale"
)

// dayOf reads a day in now's zone as a browser sends it, or as people write it where the
// browser has nothing to choose a date with: 15.12.2026, 15/12/26, 15 December. The day
// comes first, as in Ukraine and in Britain. 15-12-26 is none: with hyphens the year
// comes first as often.
func dayOf(c *locale.Catalog, date string, now time.Time) (time.Time, bool) {
	for _, layout := range []string{time.DateOnly, "2.1.2006", "2/1/2006", "2-1-2006", "2.1.06", "2/1/06"} {
		if day, err := time.ParseInLocation(layout, date, now.Location()); err == nil {
			return day, true
		}
	}
	return namedDay(c, date, now)
}

// namedDay reads a day whose month is a word of any of our languages: 24 December 2026,
// «24 грудня 2026 р.», December 24. Without a year it is the next such day.
func namedDay(c *locale.Catalog, date string, now time.Time) (time.Time, bool) {
	words := strings.Fields(strings.ToLower(strings.ReplaceAll(date, ",", " ")))
	if n := len(words); n > 3 && slices.Contains([]string{"р.", "р", "року"}, words[n-1]) {
		words = words[:n-1]
	}
	if len(words) != 2 && len(words) != 3 {
		return time.Time{}, false
	}
	number, month := words[0], c.Month(words[1])
	if month == 0 {
		number, month = words[1], c.Month(words[0])
	}
	day, err := strconv.Atoi(number)
	if err != nil || month == 0 {
		return time.Time{}, false
	}
	on := func(year int) (time.Time, bool) {
		t := time.Date(year, month, day, 0, 0, 0, 0, now.Location())
		return t, t.Day() == day // no 30 February
	}
	if len(words) == 3 {
		year, err := strconv.Atoi(words[2])
		if err != nil {
			return time.Time{}, false
		}
		return on(year)
	}
	t, ok := on(now.Year())
	if !t.After(now) {
		t, ok = on(now.Year() + 1)
	}
	return t, ok
}
