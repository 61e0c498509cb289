package inbox

import (
	"bytes"
	"io"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // decodes what is not UTF-8
	gomail "github.com/emersion/go-message/mail"
)

// Mail is one message as its reader would see it.
type Mail struct {
	ID       int
	Received time.Time
	To       string
	From     string
	Subject  string
	Text     string
	HTML     string
	Header   []Field
	Raw      []byte
	Files    []File
}

// File is what was attached.
type File struct {
	Name string
	Body []byte
}

// Field is one header line, in the order it was sent.
type Field struct{ Name, Value string }

// parse takes what can be read of raw; a mail with defects still shows its source.
func parse(id int, received time.Time, raw []byte) Mail {
	m := Mail{ID: id, Received: received, Raw: raw}
	r, err := gomail.CreateReader(bytes.NewReader(raw))
	if r == nil || (err != nil && !message.IsUnknownCharset(err)) {
		return m
	}
	defer r.Close()
	m.To = r.Header.Get("X-Envelope-To")
	m.Subject, _ = r.Header.Subject()
	if from, err := r.Header.AddressList("From"); err == nil && len(from) > 0 {
		m.From = from[0].Name
		if m.From == "" {
			m.From = from[0].Address
		}
	}
	for f := r.Header.Fields(); f.Next(); {
		if f.Key() != "X-Envelope-To" {
			m.Header = append(m.Header, Field{f.Key(), f.Value()})
		}
	}
	for {
		p, err := r.NextPart()
		if err != nil {
			return m
		}
		body, err := io.ReadAll(p.Body)
		if err != nil {
			continue
		}
		if attached, ok := p.Header.(*gomail.AttachmentHeader); ok {
			name, _ := attached.Filename() // without one it is shown by its number
			m.Files = append(m.Files, File{Name: name, Body: body})
			continue
		}
		inline, ok := p.Header.(*gomail.InlineHeader)
		if !ok {
			continue
		}
		switch t, _, _ := inline.ContentType(); t {
		case "text/plain":
			m.Text = string(body)
		case "text/html":
			m.HTML = string(body)
		}
	}
}
