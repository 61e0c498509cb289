package server

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"vistka/internal/edition"
	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/subscriber"
	"vistka/internal/token"
)

// dataBody is the Body of pages/data.html: what a fresh link opens.
type dataBody struct {
	Address, Until      string
	Path                string
	Waiting             string // the address that a change leads to
	Asked               string // that the press before asked for it
	Late                string // why its mail has to wait
	Email, Wrong, Shown string // the form for another address
	Suggestion          string // the address that was perhaps meant
	Kept                string // the address that was asked about already: who sends it again means it
	Again               bool

	told *refusal // what it answers a press with
}

// ToMend and Told are for the title.
func (b dataBody) ToMend() bool { return b.Wrong != "" }
func (b dataBody) Told() string { return b.Asked }

// mailsBody is the Body of pages/mails.html.
type mailsBody struct {
	Mails   []mailLine
	Path    string
	MoreURL string
}

type mailLine struct {
	When, Newsletter, State string
	Kind                    string // of what is no plain edition: a correction, a welcome
	Titles                  []string
	Edition                 bool   // else it carries no articles
	URL                     string // the edition's public page; empty: it has none
	Lang                    string // of the newsletter, only where it is not that of the page
}

// consentBody is the Body of pages/consent.html.
type consentBody struct {
	Path, Notice string
	Bad          bool
	Events       []consentLine
}

// Told is for the title.
func (b consentBody) Told() string { return b.Notice }

type consentLine struct {
	When, Key, Name string
	Lang            string // of the newsletter whose Name it is, only where it is not that of the page
	WordingLang     string // of Wording, in the same way
	subscriber.Proof
}

// what is the line's first sentence, where it is text alone.
func (c consentLine) what(l *locale.Locale) string {
	what := l.T(c.Key, "name", c.Name)
	if c.How == "" {
		return what
	}
	return l.T("consent.how", "what", what, "how", c.How)
}

// mailsShown is how many mails a page lists.
const mailsShown = 50

func (s *server) dataPage(w http.ResponseWriter, r *http.Request) error {
	f, err := s.Subscribers.Fresh(r.Context(), chi.URLParam(r, "token"))
	if err != nil {
		return s.notFresh(w, r, f, err)
	}
	return s.renderData(w, r, http.StatusOK, f, dataBody{})
}

func (s *server) renderData(w http.ResponseWriter, r *http.Request, status int, f subscriber.Fresh, b dataBody) error {
	n, err := newsletter.Get(r.Context(), s.DB, f.NewsletterID)
	if err != nil {
		return err
	}
	l := s.Pages.Locale(r, f.Locale)
	b.Address, b.Path, b.Shown = f.Address, dataPath(r), s.shown(r)
	if b.Waiting, err = s.Subscribers.WaitingAddress(r.Context(), f); err != nil {
		return err
	}
	if said := s.said(r); b.Waiting != "" && said != "" {
		b.Asked = l.T("sent.title")
		if said == "late" {
			b.Late = l.T("own.late")
		}
	}
	b.Until = l.Clock(f.Until.In(zoneOf(f.Zone)))
	v := page.View{L: l, Title: l.T("data.title"), Site: siteOf(n), Languages: s.languages(r, l), Body: b}
	if r.Method == http.MethodPost {
		v.Languages = s.same(l, r.URL.Path, r.PostForm, b.told)
	}
	return s.Pages.Render(w, r, status, "pages/data", v)
}

func dataPath(r *http.Request) string { return "/data/" + chi.URLParam(r, "token") }

// notFresh is the page of a link that opens nothing: a stale one can be mailed
// anew, and about somebody who is not stored there is nothing to show.
func (s *server) notFresh(w http.ResponseWriter, r *http.Request, f subscriber.Fresh, err error) error {
	switch {
	case errors.Is(err, subscriber.ErrMoved):
		n, err := newsletter.Get(r.Context(), s.DB, f.NewsletterID)
		if err != nil {
			return err
		}
		return s.renderAct(w, r, http.StatusGone, f.NewsletterID, f.Locale, actBody{
			Title: "data.moved_title", Text: "data.moved_text", More: "data.moved_more", Write: cmp.Or(n.ReplyTo, n.FromAddress),
			Button: "data.stale_button", Act: "link", Action: dataPath(r),
		})
	case errors.Is(err, subscriber.ErrKept):
		return s.renderAct(w, r, http.StatusGone, f.NewsletterID, f.Locale, actBody{
			Title: "data.stale_title", Text: "data.kept_text", Button: "data.stale_button", Act: "link", Action: dataPath(r),
		})
	case errors.Is(err, subscriber.ErrStale):
		return s.renderAct(w, r, http.StatusGone, f.NewsletterID, f.Locale, actBody{
			Title: "data.stale_title", Text: "data.stale_text", Button: "data.stale_button", Act: "link", Action: dataPath(r),
		})
	case errors.Is(err, subscriber.ErrNoReader):
		b := actBody{Title: "data.none_title", Text: "data.none_text"}
		if s.said(r) == "erased" {
			b = actBody{Title: "erase.done_title", Text: "erase.done_text", More: "erase.done_more", Status: true}
		}
		return s.renderAct(w, r, http.StatusOK, f.NewsletterID, "", b)
	default:
		return missing(err, token.ErrInvalid)
	}
}

// mailLink mails a fresh link to the reader's own address, whoever presses.
func (s *server) mailLink(w http.ResponseWriter, r *http.Request) error {
	linked, err := s.Subscribers.MailLink(r.Context(), chi.URLParam(r, "token"))
	if err != nil {
		return s.noReader(w, r, err)
	}
	said := "linked"
	switch {
	case linked.Stopped:
		said = "linkstopped"
	case !linked.Sent:
		said = "linkover"
	case s.mailIsLate(r):
		said = "linkedlate"
	}
	return s.say(w, r, "/preferences/"+subscriber.PreferencesToken(s.Keys, linked.NewsletterID, linked.SubscriberID), said)
}

// mailIsLate reports whether what a press has just asked for has to wait. It is not
// worth failing for.
func (s *server) mailIsLate(r *http.Request) bool {
	halted, err := s.Subscribers.Halted(r.Context())
	if err != nil {
		page.Failed(r, err)
	}
	return halted
}

// renderLinked says to somebody who has left what became of the link.
func (s *server) renderLinked(w http.ResponseWriter, r *http.Request, linked subscriber.Reader, said string) error {
	b := actBody{Title: "own.title", Said: saidKeys()[said], Address: linked.Masked, Status: true, Text: "own.linked"}
	switch said {
	case "linkover":
		b.Text = "preferences.link_over"
	case "linkedlate":
		b.Text = "own.late"
	case "linkstopped":
		n, err := newsletter.Get(r.Context(), s.DB, linked.NewsletterID)
		if err != nil {
			return err
		}
		b.Text, b.More, b.Write = "own.stopped", "own.write", cmp.Or(n.ReplyTo, n.FromAddress)
	}
	return s.renderAct(w, r, http.StatusOK, linked.NewsletterID, linked.Locale, b)
}

// mailsPage is what was sent to the reader.
func (s *server) mailsPage(w http.ResponseWriter, r *http.Request) error {
	f, err := s.Subscribers.Fresh(r.Context(), chi.URLParam(r, "token"))
	if err != nil {
		return s.notFresh(w, r, f, err)
	}
	before, _ := strconv.ParseInt(r.FormValue("before"), 10, 64) // garbled: from the newest
	mails, next, err := s.Editions.MailedTo(r.Context(), f.SubscriberID, before, mailsShown)
	if err != nil {
		return err
	}
	n, err := newsletter.Get(r.Context(), s.DB, f.NewsletterID)
	if err != nil {
		return err
	}
	l := s.Pages.Locale(r, f.Locale)
	b := mailsBody{Path: dataPath(r)}
	for _, m := range mails {
		b.Mails = append(b.Mails, s.mailLine(l, f.Zone, m))
	}
	if next > 0 {
		b.MoreURL = dataPath(r) + "/mails?lang=" + l.Code() + "&before=" + strconv.FormatInt(next, 10)
	}
	return s.Pages.Render(w, r, http.StatusOK, "pages/mails", page.View{
		L: l, Title: l.T("mails.title"), Site: siteOf(n), Languages: s.languages(r, l), Body: b,
	})
}

func (s *server) mailLine(l *locale.Locale, zone string, m edition.Mailed) mailLine {
	line := mailLine{
		When: localMoment(l, m.At, zone), Newsletter: m.Newsletter, Titles: m.Titles, State: l.T("mails.state." + m.State),
		Edition: m.EditionID != 0,
	}
	if m.Language != l.Code() {
		line.Lang = m.Language
	}
	switch m.Kind {
	case "correction", "welcome", "settings", "confirmation":
		line.Kind = l.T("mails.kind." + m.Kind)
	case "link":
		line.Kind = l.T("mails.link." + m.About)
	}
	if m.Archive && len(m.Titles) > 0 {
		line.URL = editionPath(m.Slug, m.EditionID)
	}
	return line
}

// download is everything stored about the reader, as a file.
func (s *server) download(w http.ResponseWriter, r *http.Request) error {
	link := chi.URLParam(r, "token")
	raw, err := s.Subscribers.Download(r.Context(), link, s.Pages.Locale(r))
	if err != nil {
		f, _ := s.Subscribers.Fresh(r.Context(), link)
		return s.notFresh(w, r, f, err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="vistka-my-data.json"`)
	h.Set("Content-Length", strconv.Itoa(len(raw)))
	_, _ = w.Write(raw) // a reader who went away is no error of ours
	return nil
}
