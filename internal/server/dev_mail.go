package server

import (
	"bytes"
	"cmp"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"vistka/internal/delivery"
	"vistka/internal/locale"
	"vistka/internal/mailer"
	"vistka/internal/newsletter"
	"vistka/internal/page"
)

// devMailBody is the Body of pages/dev_mail.html: a mail as its reader sees it.
type devMailBody struct{ From, HTMLURL, Text string }

type compile func(r *mailer.Renderer, l *locale.Locale, n mailer.Newsletter) (mailer.Compiled, error)

const devToken = "AAAAAQAAAAAAAAAHq83vASNFZ4mrze8BI0VniQ"

// devMails is every mail, with content that no database holds.
func (s *server) devMails() map[string]compile {
	at := time.Date(2026, time.November, 23, 8, 0, 0, 0, zoneOf("Europe/Kyiv"))
	link := func(l *locale.Locale, n mailer.Newsletter, path string, works time.Duration) mailer.LinkContent {
		return mailer.LinkContent{Newsletter: n, Locale: l.Code(), Date: at, URL: s.BaseURL + path + devToken, AskedAt: at.Add(-time.Minute), ExpiresAt: at.Add(works)}
	}
	edition := func(kind string, articles, more int, missed bool) compile {
		return func(r *mailer.Renderer, l *locale.Locale, n mailer.Newsletter) (mailer.Compiled, error) {
			c := mailer.EditionContent{
				ID: 17, Newsletter: n, Locale: l.Code(), Kind: kind, Articles: devArticles(l)[:articles], More: more, Missed: missed, Date: at,
				BrowserURL: s.BaseURL + "/dev/archive-edition", ArchiveURL: s.BaseURL + "/dev/archive",
			}
			if kind == mailer.Correction {
				c.Note = devWordsIn(l).Correction
			}
			return r.CompileEdition(c)
		}
	}
	mails := map[string]compile{
		"instant": edition(mailer.Instant, 1, 0, false),
		"daily":   edition(mailer.Daily, 4, 0, true),
		"weekly":  edition(mailer.Weekly, 4, 3, false),
		"monthly": edition(mailer.Monthly, 3, 0, false),
		"digest-by-topic": func(r *mailer.Renderer, l *locale.Locale, n mailer.Newsletter) (mailer.Compiled, error) {
			return r.CompileEdition(mailer.EditionContent{
				ID: 17, Newsletter: n, Locale: l.Code(), Kind: mailer.Weekly, Articles: devLongDigest(l), Date: at,
				BrowserURL: s.BaseURL + "/dev/archive-edition", ArchiveURL: s.BaseURL + "/dev/archive",
			})
		},
		"correction": edition(mailer.Correction, 1, 0, false),
		"confirmation": func(r *mailer.Renderer, l *locale.Locale, n mailer.Newsletter) (mailer.Compiled, error) {
			return r.CompileConfirmation(mailer.ConfirmationContent{
				Newsletter: n, Locale: l.Code(), Date: at, AskedAt: at.Add(-time.Minute), ExpiresAt: at.Add(72 * time.Hour), Code: "401926", PageURL: devArticle,
				ConfirmURL: s.BaseURL + "/confirm/" + devToken, NotMeURL: s.BaseURL + "/not-me/" + devToken,
			})
		},
		"settings": func(r *mailer.Renderer, l *locale.Locale, n mailer.Newsletter) (mailer.Compiled, error) {
			return r.CompileSettings(mailer.SettingsContent{Newsletter: n, Locale: l.Code(), Date: at, Cadence: mailer.Daily, AskedAt: at})
		},
		"welcome": func(r *mailer.Renderer, l *locale.Locale, n mailer.Newsletter) (mailer.Compiled, error) {
			return r.CompileWelcome(mailer.WelcomeContent{Newsletter: n, Locale: l.Code(), Date: at, Cadence: mailer.Weekly, Latest: devArticles(l)})
		},
		"link": func(r *mailer.Renderer, l *locale.Locale, n mailer.Newsletter) (mailer.Compiled, error) {
			return r.CompileLink(link(l, n, "/data/", 30*time.Minute))
		},
		"new-address": func(r *mailer.Renderer, l *locale.Locale, n mailer.Newsletter) (mailer.Compiled, error) {
			c := link(l, n, "/address/", 72*time.Hour)
			c.NotMeURL = s.BaseURL + "/not-my-address/" + devToken
			return r.CompileNewAddress(c, "new-mailbox@example.org")
		},
		"old-address": func(r *mailer.Renderer, l *locale.Locale, n mailer.Newsletter) (mailer.Compiled, error) {
			return r.CompileOldAddress(link(l, n, "/keep-address/", 72*time.Hour), "ol••@example.net")
		},
		"moved": func(r *mailer.Renderer, l *locale.Locale, n mailer.Newsletter) (mailer.Compiled, error) {
			return r.CompileMoved(mailer.LinkContent{Newsletter: n, Locale: l.Code(), Date: at})
		},
		"receipt": func(r *mailer.Renderer, l *locale.Locale, n mailer.Newsletter) (mailer.Compiled, error) {
			return r.CompileReceipt(link(l, n, "/data/", 0), devRecords(l, n.Name, at))
		},
		"test": func(r *mailer.Renderer, l *locale.Locale, n mailer.Newsletter) (mailer.Compiled, error) {
			return r.CompileTest(mailer.TestContent{Newsletter: n, Locale: l.Code(), Date: at})
		},
		"test-edition": func(r *mailer.Renderer, l *locale.Locale, n mailer.Newsletter) (mailer.Compiled, error) {
			return r.CompileTest(mailer.TestContent{Newsletter: n, Locale: l.Code(), Date: at, Kind: mailer.Daily, Articles: devArticles(l)[:2]})
		},
		"grace": func(r *mailer.Renderer, l *locale.Locale, n mailer.Newsletter) (mailer.Compiled, error) {
			title := devArticles(l)[0].Title
			return r.CompileAlert(mailer.AlertContent{
				Newsletter: n, Locale: l.Code(), Date: at, Grace: true, URL: s.BaseURL + "/hold/" + devToken,
				Title: l.T("mail.grace.title", "title", title), Text: l.T("mail.grace.text", "title", title, "when", localMoment(l, at.Add(10*time.Minute), "Europe/Kyiv")),
			})
		},
		"desk": func(r *mailer.Renderer, l *locale.Locale, n mailer.Newsletter) (mailer.Compiled, error) {
			return r.CompileDesk(mailer.DeskContent{Newsletter: n, Locale: l.Code(), Date: at, Kind: "complaint", Reference: "4821-7730", URL: s.BaseURL + "/admin/hotline"})
		},
		"desk-keys-fail": func(r *mailer.Renderer, l *locale.Locale, n mailer.Newsletter) (mailer.Compiled, error) {
			return r.CompileDesk(mailer.DeskContent{
				Newsletter: n, Locale: l.Code(), Date: at, Kind: "callback", Reference: "4821-7730", URL: s.BaseURL + "/admin/hotline", Busy: true, Unsealed: true,
			})
		},
	}
	for _, cause := range []delivery.Cause{
		delivery.CauseRelayRefused, delivery.CauseRelayDown, delivery.CauseSenderRefused, delivery.CauseEditionPaused, delivery.CauseEditionUnmade,
		delivery.CauseSendingLocked, delivery.CauseFeedFailing, delivery.CauseFeedGone, delivery.CauseDoubtHeld, delivery.CauseBudgetSpent,
	} {
		key := "mail.alert." + string(cause)
		name := map[string]string{"relay": "relay.example.org", "sender": "news@example.org", "feed": "https://news.example.org/feed/"}[strings.SplitN(string(cause), "_", 2)[0]]
		mails["alert-"+strings.ReplaceAll(string(cause), "_", "-")] = func(r *mailer.Renderer, l *locale.Locale, n mailer.Newsletter) (mailer.Compiled, error) {
			return r.CompileAlert(mailer.AlertContent{
				Newsletter: n, Locale: l.Code(), Date: at, Title: l.T(key+".title", "name", cmp.Or(name, n.Name), "object", "17"), Text: l.T(key + ".text"),
				Detail: devDetails[cause], URL: s.BaseURL + "/admin/",
			})
		}
	}
	return mails
}

// devDetails are the words of a server or of the program that an alert ends with.
// Nobody says anything of what has no line here.
var devDetails = map[delivery.Cause]string{
	delivery.CauseRelayRefused:  "550 5.7.1 sender not authenticated",
	delivery.CauseRelayDown:     "dial tcp 192.0.2.25:587: connect: connection refused",
	delivery.CauseSenderRefused: "550 5.7.1 sender not authenticated",
	delivery.CauseEditionUnmade: "sender: not an address",
}

// devRecords are a consent's events in words.
func devRecords(l *locale.Locale, name string, at time.Time) []mailer.Record {
	what := func(kind, by string) string {
		return l.T("consent.how", "what", l.T("consent.kind."+kind, "name", name), "how", l.T("consent.by."+by))
	}
	changed := l.T("consent.set_from", "what", l.T("consent.set.cadence"), "to", l.T("cadence.weekly"), "from", l.T("cadence.instant"))
	return []mailer.Record{
		{When: l.Moment(at.Add(-time.Hour)), What: what("changed", "preferences"), Changes: []string{changed}},
		{
			When: l.Moment(at.Add(-49 * time.Hour)), What: what("confirmed", "link"), Version: "5f2c91aa", Wording: []string{l.T("confirm.title"), l.T("confirm.consent", "name", name), l.T("confirm.button")},
			Details: []string{l.T("consent.ip", "value", "192.0.2.7"), l.T("consent.agent", "value", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")},
		},
		{
			When: l.Moment(at.Add(-49*time.Hour - time.Minute)), What: what("requested", "form"), Version: "a4f2b72c",
			Wording: []string{l.T("signup.label"), l.T("signup.what_instant"), l.T("signup.button"), l.T("signup.consent", "name", name)},
			Details: []string{l.T("consent.language", "value", l.LanguageName(l.Code())), l.T("consent.page", "value", devArticle)},
		},
	}
}

// devMailNames are the names of all mails in order.
func (s *server) devMailNames() []string { return slices.Sorted(maps.Keys(s.devMails())) }

// devMail is a mail with its subject and its text.
func (s *server) devMail(w http.ResponseWriter, r *http.Request) error {
	l := s.Pages.Locale(r)
	m, err := s.readDevMail(l, chi.URLParam(r, "mail"))
	if err != nil {
		return err
	}
	page.ShowFrames(r, "'self'")
	return s.Pages.Render(w, r, http.StatusOK, "pages/dev_mail", page.View{
		L: l, Title: m.subject, Languages: s.Pages.Languages(r, l),
		Body: devMailBody{From: m.from, Text: m.text, HTMLURL: r.URL.Path + "/html?lang=" + l.Code()},
	})
}

// devMailHTML is the mail as a mail program shows it.
func (s *server) devMailHTML(w http.ResponseWriter, r *http.Request) error {
	m, err := s.readDevMail(s.Pages.Locale(r), chi.URLParam(r, "mail"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src *; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'")
	_, err = io.WriteString(w, m.html)
	return err
}

type readMail struct{ subject, from, text, html string }

func (s *server) readDevMail(l *locale.Locale, name string) (m readMail, err error) {
	c, ok := s.devMails()[name]
	if !ok {
		return m, page.NotFound(nil)
	}
	compiled, err := c(s.Renderer, l, devSender(devNewsletter(l, "")))
	if err != nil {
		return m, err
	}
	raw := compiled.Append(nil, mailer.Recipient{
		To: "olena@example.org", MessageID: "dev@news.example.org",
		UnsubscribeURL: s.BaseURL + "/unsubscribe/" + devToken, PreferencesURL: s.BaseURL + "/preferences/" + devToken,
	})
	return parseMail(raw)
}

// devSender is a newsletter as mails show it.
func devSender(n newsletter.Newsletter) mailer.Newsletter {
	return mailer.Newsletter{
		Name: n.Name, Slug: n.Slug, Language: n.Language, FromName: n.Name, FromAddress: "news@example.org", PostalAddress: n.PostalAddress,
		SiteURL: n.SiteURL, PrivacyURL: n.PrivacyURL, Accent: n.Accent,
	}
}

// parseMail reads the parts that a person sees of a mail that we composed.
func parseMail(raw []byte) (m readMail, err error) {
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m, err
	}
	words := new(mime.WordDecoder)
	if m.subject, err = words.DecodeHeader(msg.Header.Get("Subject")); err != nil {
		return m, err
	}
	if m.from, err = words.DecodeHeader(msg.Header.Get("From")); err != nil {
		return m, err
	}
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return m, err
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for _, part := range []*string{&m.text, &m.html} { // in this order: RFC 2046 section 5.1.4
		p, err := parts.NextPart()
		if err != nil {
			return m, err
		}
		body, err := io.ReadAll(p)
		if err != nil {
			return m, err
		}
		*part = string(body)
	}
	return m, nil
}
