package mailer

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"vistka/internal/locale"
)

// frame is what every mail shows around its matter.
type frame struct {
	L              *locale.Locale
	Newsletter     Newsletter
	Look           look
	Subject        string
	Preheader      string
	Site           string // host of the newsletter's site, as a reader knows it
	SiteURL        string
	LogoURL        string
	PrivacyURL     string
	Why            string   // why this mail came
	Postal         []string // lines, the name first
	PreferencesURL string   // placeholders; empty where the mail has no such link
	UnsubscribeURL string
	BrowserURL     string // of the edition's public page, nobody's own
}

// kicker is what stands below the newsletter's name: each part may go to a line of
// its own, so the templates part them by space alone.
type kicker []string

func newKicker(parts ...string) kicker {
	return slices.DeleteFunc(kicker(parts), func(s string) bool { return s == "" })
}

func (k kicker) String() string { return strings.Join(k, " · ") }

func (r *Renderer) frame(n Newsletter, code string) frame {
	n.Name = cleanLine(n.Name)
	f := frame{
		L: r.catalog.For(code), Newsletter: n, Look: newLook(n.Accent),
		Site: siteName(n.SiteURL), SiteURL: webAddress(n.SiteURL), LogoURL: webAddress(n.LogoURL), PrivacyURL: webAddress(n.PrivacyURL),
	}
	for line := range strings.Lines(n.PostalAddress) {
		if line = cleanLine(line); line != "" {
			f.Postal = append(f.Postal, line)
		}
	}
	if len(f.Postal) == 0 || !strings.Contains(f.Postal[0], n.Name) {
		f.Postal = append([]string{n.Name}, f.Postal...)
	}
	return f
}

// withLinks adds the reader's own links.
func (f frame) withLinks(p placeholders) frame {
	f.PreferencesURL, f.UnsubscribeURL = p.preferences(), p.unsubscribe()
	return f
}

// words is a message that may name the newsletter and its site.
func (f frame) words(key string, args ...any) string {
	return f.L.T(key, append([]any{"newsletter", f.Newsletter.Name, "site", f.Site}, args...)...)
}

// siteName is the host without "www.", in the reader's own script.
func siteName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	host := strings.TrimPrefix(u.Hostname(), "www.")
	if shown, err := idna.Display.ToUnicode(host); err == nil {
		host = shown
	}
	return cleanLine(host)
}

// moment is a time by the clock of the zone of the mail's date.
func (f frame) moment(t, date time.Time) string { return f.L.Moment(t.In(date.Location())) }

// clock is moment without the day.
func (f frame) clock(t, date time.Time) string { return f.L.Clock(t.In(date.Location())) }
