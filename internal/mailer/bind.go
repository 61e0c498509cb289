package mailer

import "time"

// own is what one confirmation has of its own.
type own struct {
	confirm, notMe string // addresses
	code           string
}

func (o own) value(s slot) string {
	switch s {
	case slotConfirmText, slotConfirmHTML:
		return o.confirm
	case slotNotMeText, slotNotMeHTML:
		return o.notMe
	case slotCode:
		return o.code
	}
	return ""
}

// bind makes the message of one: its own values stand where their slots were,
// and its date in the header that comes first. c was compiled with the zero date.
func (c *Compiled) bind(o own, date time.Time) Compiled {
	size := 0
	for _, s := range c.segments {
		size += len(s.text) + 2*len(o.value(s.slot))
	}
	text, start := append(make([]byte, 0, size), dateField(date)...), 0
	skip := len(dateField(time.Time{}))
	var out Compiled
	for _, s := range c.segments {
		text, skip = append(text, s.text[skip:]...), 0
		if v := o.value(s.slot); v != "" {
			text = appendQPValue(text, v, s.slot == slotConfirmHTML || s.slot == slotNotMeHTML)
			continue
		}
		out.segments = append(out.segments, segment{text: text[start:len(text):len(text)], slot: s.slot})
		start = len(text)
	}
	return out
}

// dateField is the header field Date, of the same length for every date (RFC
// 5322 section 3.3).
func dateField(date time.Time) string {
	return "Date: " + date.Format("Mon, 02 Jan 2006 15:04:05 -0700") + "\r\n"
}
