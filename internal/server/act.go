package server

import (
	"net/http"

	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
)

// actBody is the Body of pages/act.html: what a press would do and its button,
// or what it did. Text, More, Button and BackWords are keys of words.
type actBody struct {
	Title       string // key; with {{.name}} of the newsletter
	Text, More  string // Text may have {{.address}}
	Name        string
	Address     string // masked, but for who has shown that the mailbox is theirs
	Button, Act string // none: nothing is left to press
	Danger      bool
	Action      string
	Shown       string
	Again       bool   // pressed too fast for a person
	Status      bool   // tells what was done
	Said        string // key of what the press came to, where Title does not say so
	BackURL     string
	BackWords   string
	Write       string // whom to write to where only a person helps

	told string
}

// Told is for the title.
func (b actBody) Told() string { return b.told }

// renderAct is the page of one act, in the newsletter's look.
func (s *server) renderAct(w http.ResponseWriter, r *http.Request, status int, newsletterID int64, code string, b actBody) error {
	n, err := newsletter.Get(r.Context(), s.DB, newsletterID)
	if err != nil {
		return err
	}
	l := s.Pages.Locale(r, code, n.Language)
	return s.Pages.Render(w, r, status, "pages/act", actView(s.languages(r, l), l, n, s.shown(r), b))
}

func actView(languages []page.Link, l *locale.Locale, n newsletter.Newsletter, shown string, b actBody) page.View {
	b.Name = n.Name
	if b.Button != "" {
		b.Shown = shown
	}
	if b.Said != "" {
		b.told = l.T(b.Said)
	}
	return page.View{L: l, Title: l.T(b.Title, "name", n.Name), Site: siteOf(n), Languages: languages, Body: b}
}
