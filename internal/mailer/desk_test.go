package mailer_test

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"slices"
	"strings"
	"testing"

	gomessage "github.com/emersion/go-message"

	"vistka/internal/mailer"
)

// sealedText has the form of an armored age file and what a wire might trip over.
const sealedText = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBURWlGMHlwcXIrYnB2Y3FY\n.\n..\n-----END AGE ENCRYPTED FILE-----\n"

func sealedMail(t testing.TB, r *mailer.Renderer, code, reference string) []byte {
	t.Helper()
	c := must[mailer.Compiled](t)(r.CompileDesk(mailer.DeskContent{
		Newsletter: newsletterIn(code), Locale: code, Date: sentAt, Kind: "callback", Reference: reference, Sealed: sealedText, Busy: true,
		URL: "https://news.example.com/admin/hotline/7",
	}))
	if err := c.Check(reader); err != nil {
		t.Fatal(err)
	}
	return c.Append(nil, reader)
}

// The file arrives octet for octet, beside words that say what to do with it.
func TestDeskMailCarriesTheSealedFile(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	for _, code := range []string{"en", "uk"} {
		raw := sealedMail(t, r, code, "4821-7730")
		for line := range bytes.Lines(raw) {
			if len(line) > 78 && !bytes.HasPrefix(line, []byte("List-")) || line[0] == '.' && !bytes.HasPrefix(line, []byte("..")) {
				t.Errorf("on the wire: %q", line)
			}
		}
		e, err := gomessage.Read(bytes.NewReader(bytes.ReplaceAll(raw, []byte("\r\n.."), []byte("\r\n."))))
		if err != nil {
			t.Fatal(err)
		}
		var kinds []string
		var file, text string
		err = e.Walk(func(_ []int, part *gomessage.Entity, err error) error {
			if err != nil {
				return err
			}
			kind, _, err := part.Header.ContentType()
			if kinds = append(kinds, kind); strings.HasPrefix(kind, "multipart/") || err != nil {
				return err
			}
			body, err := io.ReadAll(part.Body)
			if disposition, params, _ := part.Header.ContentDisposition(); disposition == "attachment" {
				file = params["filename"] + " " + string(body)
			} else if kind == "text/plain" {
				text = string(body)
			}
			return err
		})
		if got := strings.Join(kinds, " "); err != nil || got != "multipart/mixed multipart/alternative text/plain text/html application/vnd.age" {
			t.Errorf("%s: %s, %v", code, got, err)
		}
		if file != "hotline-4821-7730.age "+sealedText {
			t.Errorf("%s: the file is %q", code, file)
		}
		if !strings.Contains(text, "age -d -i key.txt hotline-4821-7730.age") || !strings.Contains(text, "https://news.example.com/admin/hotline/7") ||
			!strings.Contains(text, "30") {
			t.Errorf("%s: the words are %q", code, text)
		}
	}
}

// What could not be encrypted is left out, and the mail says whom to ask.
func TestDeskMailSaysThatItsKeysFail(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	for code, words := range map[string]string{"en": "Ask an owner who has the hotline right", "uk": "Попросіть власника, який має право на гарячу лінію"} {
		for _, unsealed := range []bool{false, true} {
			c := must[mailer.Compiled](t)(r.CompileDesk(mailer.DeskContent{
				Newsletter: newsletterIn(code), Locale: code, Date: sentAt, Kind: "callback", Reference: "4821-7730", Unsealed: unsealed,
			}))
			_, text, html := parts(t, c.Append(nil, reader))
			for _, body := range []string{text, html} {
				if got := strings.Contains(strings.Join(strings.Fields(body), " "), words); got != unsealed {
					t.Errorf("%s, unsealed %v: %s", code, unsealed, body)
				}
			}
		}
	}
}

func TestNameOfTheSealedFileIsHarmless(t *testing.T) {
	t.Parallel()
	m, err := mail.ReadMessage(bytes.NewReader(sealedMail(t, newRenderer(t), "en", "12\"\r\nBcc: x@example.net/../;b")))
	if err != nil || m.Header.Get("Bcc") != "" {
		t.Fatal(err, m.Header)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	parts := multipart.NewReader(m.Body, params["boundary"])
	for range 2 {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		if name := p.FileName(); name != "" {
			names = append(names, name)
		}
	}
	if !slices.Equal(names, []string{"hotline-12Bccxexamplenetb.age"}) {
		t.Errorf("files %q", names)
	}
}
