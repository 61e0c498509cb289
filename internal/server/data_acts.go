package server

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"vistka/internal/article"
	"vistka/internal/emailaddr"
	"vistka/internal/feed"
	"vistka/internal/locale"
	"vistka/internal/mailer"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/subscriber"
)

// askAddress is the wish for another address. What it answers is the same
// whatever is known about that address.
func (s *server) askAddress(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	link := chi.URLParam(r, "token")
	f, err := s.Subscribers.Fresh(r.Context(), link)
	if err != nil {
		return s.notFresh(w, r, f, err)
	}
	l := s.Pages.Locale(r, f.Locale)
	b := dataBody{Email: emailaddr.Clean(r.PostFormValue("email")), Kept: emailaddr.Clean(r.PostFormValue("kept"))}
	if use := r.PostFormValue("suggested"); use != "" {
		b.Email, b.Kept = use, use
	}
	wrong := func(no *refusal) error {
		b.told, b.Kept, b.Suggestion = no, b.Email, no.Suggestion
		if no.Key != "" {
			b.Wrong = l.T(no.Key, "domain", no.Domain)
		}
		return s.renderData(w, r, http.StatusUnprocessableEntity, f, b)
	}
	var before refusal
	switch {
	case shows(r) && s.toldBefore(r, &before) && before.Key+before.Suggestion != "":
		return wrong(&before)
	case shows(r), !s.byHand(r):
		b.Again = true
		return s.renderData(w, r, http.StatusOK, f, b)
	}
	a, err := emailaddr.Parse(b.Email)
	if err != nil {
		no := unreadable(b.Email, err)
		return wrong(&refusal{Key: "signup." + no.Key, Domain: no.Domain})
	}
	if no := s.addressHint(r.Context(), a, b.Kept); no != nil {
		if no.Suggestion != "" {
			return wrong(&refusal{Suggestion: no.Suggestion})
		}
		return wrong(&refusal{Key: "signup." + no.Key, Domain: no.Domain})
	}
	f, err = s.Subscribers.AskAddress(r.Context(), link, a)
	switch {
	case errors.Is(err, subscriber.ErrSameAddress):
		return wrong(&refusal{Key: "data.same_address"})
	case errors.Is(err, subscriber.ErrTooOften):
		return wrong(&refusal{Key: "data.too_often"})
	case err != nil:
		return s.notFresh(w, r, f, err)
	}
	said := "asked"
	if s.mailIsLate(r) {
		said = "late"
	}
	return s.say(w, r, dataPath(r), said)
}

// consentPage is the proof of what the reader agreed to.
func (s *server) consentPage(w http.ResponseWriter, r *http.Request) error {
	f, events, err := s.Subscribers.Receipt(r.Context(), chi.URLParam(r, "token"))
	if err != nil {
		return s.notFresh(w, r, f, err)
	}
	n, err := newsletter.Get(r.Context(), s.DB, f.NewsletterID)
	if err != nil {
		return err
	}
	l := s.Pages.Locale(r, f.Locale)
	b := consentBody{Path: dataPath(r), Events: s.consentLines(l, f.Zone, s.titled(r, events))}
	switch s.said(r) {
	case "mailed":
		b.Notice = l.T("consent.mailed")
	case "late":
		b.Notice, b.Bad = l.T("own.late"), true
	case "over":
		b.Notice, b.Bad = l.T("preferences.link_over"), true
	}
	return s.Pages.Render(w, r, http.StatusOK, "pages/consent", page.View{
		L: l, Title: l.T("consent.title"), Site: siteOf(n), Languages: s.languages(r, l), Body: b,
	})
}

// mailConsent mails the same.
func (s *server) mailConsent(w http.ResponseWriter, r *http.Request) error {
	link := chi.URLParam(r, "token")
	f, events, err := s.Subscribers.Receipt(r.Context(), link)
	if err != nil {
		return s.notFresh(w, r, f, err)
	}
	l := s.Pages.Catalog().For(f.Locale)
	var records []mailer.Record
	for _, c := range s.consentLines(l, f.Zone, s.titled(r, events)) {
		records = append(records, mailer.Record{When: c.When, What: c.what(l), Changes: c.Changes, Wording: c.Wording, Version: c.Version, Details: c.Details})
	}
	sent, err := s.Subscribers.MailReceipt(r.Context(), link, records)
	if err != nil {
		return s.notFresh(w, r, f, err)
	}
	said := "mailed"
	switch {
	case !sent:
		said = "over"
	case s.mailIsLate(r):
		said = "late"
	}
	return s.say(w, r, dataPath(r)+"/consent", said)
}

// titled names the articles that forms stood under. Without the names the proof
// is the same.
func (s *server) titled(r *http.Request, events []subscriber.Event) []subscriber.Event {
	pages := map[int64][]string{}
	for _, e := range events {
		if at := feed.CanonicalURL(e.PageURL); at != "" {
			pages[e.NewsletterID] = append(pages[e.NewsletterID], at)
		}
	}
	for id, addresses := range pages {
		named, err := article.ByAddress(r.Context(), s.DB, id, addresses)
		if err != nil {
			page.Failed(r, err)
			continue
		}
		for i, e := range events {
			if e.NewsletterID == id {
				events[i].Article = named[feed.CanonicalURL(e.PageURL)].Title
			}
		}
	}
	return events
}

func (s *server) consentLines(l *locale.Locale, zone string, events []subscriber.Event) []consentLine {
	lines := make([]consentLine, 0, len(events))
	for i, e := range events {
		c := consentLine{When: localMoment(l, e.At, zone), Key: "consent.kind." + e.Kind, Name: e.Name, Proof: e.Proof(l, zoneOf(zone))}
		if e.Kind == "changed" && e.Source == "address" {
			c.Key = "consent.kind_address"
		}
		if e.Language != l.Code() {
			c.Lang = e.Language
		}
		if e.Locale != l.Code() {
			c.WordingLang = e.Locale
		}
		if e.Kind == "confirmed" { // by whatever act: what was agreed to first stands with the request, which is older
			j := slices.IndexFunc(events[i:], func(o subscriber.Event) bool { return o.Kind == "requested" && o.NewsletterID == e.NewsletterID })
			if j > 0 {
				asked := events[i+j]
				key := "consent.confirms_words"
				if !asked.WordsKept() {
					key = "consent.confirms"
				}
				c.Details = append([]string{l.T(key, "when", localMoment(l, asked.At, zone))}, c.Details...)
			}
		}
		lines = append(lines, c)
	}
	return lines
}

// erasePage says what erasing takes away. It changes nothing.
func (s *server) erasePage(w http.ResponseWriter, r *http.Request) error {
	return s.showErase(w, r, false)
}

func (s *server) showErase(w http.ResponseWriter, r *http.Request, again bool) error {
	f, err := s.Subscribers.Fresh(r.Context(), chi.URLParam(r, "token"))
	if err != nil {
		return s.notFresh(w, r, f, err)
	}
	return s.renderAct(w, r, http.StatusOK, f.NewsletterID, f.Locale, actBody{
		Title: "erase.title", Text: "erase.text", More: "erase.more", Address: f.Address, Button: "erase.button", Danger: true, Action: r.URL.Path, Again: again,
		BackURL: dataPath(r), BackWords: "erase.back",
	})
}

// erase removes everything, at once.
func (s *server) erase(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	if !s.byHand(r) {
		return s.showErase(w, r, true)
	}
	link := chi.URLParam(r, "token")
	if err := s.Subscribers.EraseOwn(r.Context(), link); err != nil && !errors.Is(err, subscriber.ErrNoReader) {
		f, _ := s.Subscribers.Fresh(r.Context(), link)
		return s.notFresh(w, r, f, err)
	}
	return s.say(w, r, dataPath(r), "erased")
}

// dataAct is the press on a stale link's page.
func (s *server) dataAct(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	if r.PostFormValue("act") != "link" {
		return page.BadRequest(errors.New("unknown act"))
	}
	return s.mailLink(w, r)
}

// zoneOf is a zone by its name, UTC where this machine does not know it.
func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}
