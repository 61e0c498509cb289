package mailer

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// boundaryOf derives the boundary from what the message says, so that
// composing twice gives the same bytes. "=_" cannot occur in quoted-printable.
func boundaryOf(lists ...[]segment) string {
	sum := sha256.New()
	for _, list := range lists {
		for _, s := range list {
			sum.Write(s.text)
			sum.Write([]byte{byte(s.slot)})
		}
	}
	return "=_" + hex.EncodeToString(sum.Sum(nil)[:16])
}

// assembly joins texts and slots into segments; the last one has no slot.
type assembly struct {
	segments []segment
}

func (a *assembly) add(text []byte) {
	if n := len(a.segments); n == 0 || a.segments[n-1].slot != slotNone {
		a.segments = append(a.segments, segment{})
	}
	last := &a.segments[len(a.segments)-1]
	last.text = append(last.text, text...)
}

func (a *assembly) addString(text string) { a.add([]byte(text)) }

func (a *assembly) slot(s slot) {
	a.add(nil)
	a.segments[len(a.segments)-1].slot = s
}

// alternative adds a body as text and as HTML, its header field first.
func (a *assembly) alternative(boundary string, text, html []segment) {
	a.addString("Content-Type: multipart/alternative;\r\n boundary=\"" + boundary + "\"\r\n")
	a.part(boundary, "text/plain", text)
	a.part(boundary, "text/html", html)
	a.addString("\r\n--" + boundary + "--\r\n")
}

func (a *assembly) part(boundary, mediaType string, body []segment) {
	a.addString("\r\n--" + boundary + "\r\nContent-Type: " + mediaType +
		"; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	for _, s := range body {
		a.add(s.text)
		if s.slot != slotNone {
			a.slot(s.slot)
		}
	}
}

// placeholders stand in rendered text and HTML where a slot will be.
type placeholders struct {
	prefix string // followed by one letter
}

func newPlaceholders(nonce string) placeholders {
	return placeholders{prefix: "https://slot.invalid/" + nonce + "/"}
}

func (p placeholders) unsubscribe() string { return p.prefix + "u" }
func (p placeholders) preferences() string { return p.prefix + "p" }
func (p placeholders) confirm() string     { return p.prefix + "c" }
func (p placeholders) notMe() string       { return p.prefix + "n" }
func (p placeholders) code() string        { return p.prefix + "k" }

// encodeBody makes quoted-printable segments of a text with placeholders.
func (r *Renderer) encodeBody(body string, html bool) []segment {
	var a assembly
	column := 0
	body = strings.ReplaceAll(body, "\r\n", "\n")
	for {
		before, after, found := strings.Cut(body, r.slots.prefix)
		var coded []byte
		coded, column = appendQP(nil, before, column)
		a.add(coded)
		if !found || after == "" {
			return a.segments
		}
		if column > 0 {
			a.addString("=\r\n")
		}
		a.slot(bodySlot(after[0], html))
		body, column = after[1:], 0
		if body != "" && body[0] != '\n' {
			a.addString("=\r\n")
		}
	}
}

func bodySlot(letter byte, html bool) slot {
	switch {
	case letter == 'u' && html:
		return slotUnsubscribeHTML
	case letter == 'u':
		return slotUnsubscribeText
	case letter == 'c' && html:
		return slotConfirmHTML
	case letter == 'c':
		return slotConfirmText
	case letter == 'n' && html:
		return slotNotMeHTML
	case letter == 'n':
		return slotNotMeText
	case letter == 'k':
		return slotCode
	case html:
		return slotPreferencesHTML
	}
	return slotPreferencesText
}
