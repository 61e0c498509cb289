package mailer

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// draft is a mail before it is encoded. Text and HTML hold placeholders where
// a reader's own links go.
type draft struct {
	newsletter Newsletter
	language   string
	date       time.Time
	subject    string
	listID     string // empty: this mail is not of the list, and has no list headers
	bulk       bool
	feedbackID string
	text       string
	html       string
}

// compile makes the message of a draft (RFC 5322 section 3.6): the same draft
// always gives the same bytes.
func (r *Renderer) compile(d draft) (Compiled, error) {
	from, err := headerAddress(d.newsletter.FromAddress)
	if err != nil {
		return Compiled{}, err
	}
	var h header
	h.raw("Date", d.date.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	h.mailbox("From", displayName(d.newsletter.FromName), from)
	if d.newsletter.ReplyTo != "" {
		reply, err := headerAddress(d.newsletter.ReplyTo)
		if err != nil {
			return Compiled{}, err
		}
		h.mailbox("Reply-To", "", reply)
	}
	h.text("Subject", d.subject)

	var b assembly
	b.add(h.b)
	b.addString("To: ")
	b.slot(slotTo)
	b.addString("\r\nMessage-ID: <")
	b.slot(slotMessageID)
	b.addString(">\r\n")
	if d.listID != "" {
		h = header{}
		h.phrased("List-Id", d.newsletter.Name, "<"+d.listID+">")
		b.add(h.b)
		// One https address on one line: some relays break a fold inside <…>.
		b.addString("List-Unsubscribe: <")
		b.slot(slotUnsubscribeHeader)
		b.addString(">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
	}
	h = header{}
	if d.bulk {
		h.raw("Precedence", "bulk")
	}
	h.raw("Auto-Submitted", "auto-generated")
	if d.feedbackID != "" {
		h.raw("Feedback-ID", d.feedbackID)
	}
	h.raw("Content-Language", d.language)
	h.raw("MIME-Version", "1.0")
	b.add(h.b)

	text, html := r.encodeBody(d.text, false), r.encodeBody(d.html, true)
	boundary := boundaryOf(b.segments, text, html)
	b.addString("Content-Type: multipart/alternative;\r\n boundary=\"" + boundary + "\"\r\n")
	b.part(boundary, "text/plain", text)
	b.part(boundary, "text/html", html)
	b.addString("\r\n--" + boundary + "--\r\n")
	return Compiled{segments: b.segments}, nil
}

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
	case html:
		return slotPreferencesHTML
	}
	return slotPreferencesText
}
