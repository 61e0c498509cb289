package mailer

import "time"

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
	archiveURL string
	text       string
	html       string
	file       *attachment
}

// compile makes the message of a draft (RFC 5322 section 3.6): the same draft
// always gives the same bytes.
func (r *Renderer) compile(d draft) (Compiled, error) {
	from, err := headerAddress(d.newsletter.FromAddress)
	if err != nil {
		return Compiled{}, err
	}
	var h header
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
	b.addString(dateField(d.date))
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
	if d.archiveURL != "" {
		h.phrased("List-Archive", "", "<"+d.archiveURL+">")
	}
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
	if d.file == nil {
		b.alternative(boundaryOf(b.segments, text, html), text, html)
		return Compiled(b), nil
	}
	boundary := boundaryOf(b.segments, text, html, []segment{{text: []byte(d.file.content)}})
	b.addString("Content-Type: multipart/mixed;\r\n boundary=\"" + boundary + "\"\r\n\r\n--" + boundary + "\r\n")
	b.alternative(boundaryOf(text, html), text, html)
	b.attachment(boundary, *d.file)
	b.addString("\r\n--" + boundary + "--\r\n")
	return Compiled(b), nil
}
