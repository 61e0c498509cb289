package server

import (
	"slices"
	"time"

	"vistka/internal/locale"
)

// zones are the cities that readers may set their clock by: one or more for each
// rule that many people live under. Names like these are a machine's; the words
// for people are zone.CITY.
var zones = [...]string{
	"Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Phoenix", "America/Denver", "America/Chicago", "America/Mexico_City",
	"America/New_York", "America/Toronto", "America/Bogota", "America/Halifax", "America/Santiago", "America/St_Johns", "America/Sao_Paulo",
	"America/Argentina/Buenos_Aires", "Atlantic/Azores", "Atlantic/Reykjavik", "Africa/Casablanca", "Europe/Lisbon", "Europe/London", "Europe/Dublin",
	"Africa/Lagos", "Europe/Amsterdam", "Europe/Belgrade", "Europe/Berlin", "Europe/Bratislava", "Europe/Brussels", "Europe/Budapest", "Europe/Copenhagen",
	"Europe/Madrid", "Europe/Oslo", "Europe/Paris", "Europe/Prague", "Europe/Rome", "Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw", "Europe/Zagreb",
	"Europe/Zurich", "Africa/Cairo", "Africa/Johannesburg",
	"Asia/Jerusalem", "Europe/Athens", "Europe/Bucharest", "Europe/Chisinau", "Europe/Helsinki", "Europe/Kyiv", "Europe/Riga", "Europe/Sofia",
	"Europe/Tallinn", "Europe/Vilnius", "Africa/Nairobi", "Asia/Riyadh", "Europe/Istanbul", "Europe/Minsk", "Asia/Tehran", "Asia/Baku", "Asia/Dubai",
	"Asia/Tbilisi", "Asia/Yerevan", "Asia/Kabul", "Asia/Almaty", "Asia/Karachi", "Asia/Tashkent", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Dhaka",
	"Asia/Yangon", "Asia/Bangkok", "Asia/Jakarta", "Asia/Hong_Kong", "Asia/Shanghai", "Asia/Singapore", "Australia/Perth", "Asia/Seoul", "Asia/Tokyo",
	"Australia/Adelaide", "Australia/Brisbane", "Australia/Sydney", "Pacific/Auckland",
}

func offered(zone string) bool { return zone == "UTC" || slices.Contains(zones[:], zone) }

// zoneOptions are the cities by their clock now, from west to east, with the
// reader's own zone and the newsletter's among them.
func zoneOptions(l *locale.Locale, now time.Time, own, newsletters string) []option {
	type place struct {
		option
		offset int
	}
	var places []place
	add := func(name string) {
		if slices.ContainsFunc(places, func(p place) bool { return p.Value == name }) {
			return
		}
		zone, err := time.LoadLocation(name)
		if err != nil {
			return // not known to this machine, so nothing could be sent by it
		}
		_, offset := now.In(zone).Zone()
		places = append(places, place{option{name, zoneWords(l, name, offset), name == own}, offset})
	}
	for _, name := range zones {
		add(name)
	}
	if offered(newsletters) {
		add(newsletters)
	}
	add(own)
	words := l.Collator()
	slices.SortStableFunc(places, func(a, b place) int {
		if a.offset != b.offset {
			return a.offset - b.offset
		}
		return words.CompareString(a.Label, b.Label)
	})
	out := make([]option, len(places))
	for i, p := range places {
		out[i] = p.option
	}
	return out
}

// zoneWords is a zone as a reader's clock shows it now: "Kyiv (UTC+2)".
func zoneWords(l *locale.Locale, name string, offset int) string {
	city := l.City(name)
	if city == "UTC" {
		return city
	}
	return city + " (" + locale.Offset(offset) + ")"
}
