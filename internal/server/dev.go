package server

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/subscriber"
)

// devIndexBody is the Body of pages/dev.html.
type devIndexBody struct{ Pages []devLine }

type devLine struct{ Name, English, Ukrainian string }

// canned is a public page with data that no database holds.
type canned struct {
	template string
	body     func(s *server, l *locale.Locale, n newsletter.Newsletter) (title string, body any)
}

const (
	devMasked  = "na••@example.org"
	devArticle = "https://news.example.org/research/who-pays"
)

// devPages is every public page and its states.
func devPages() map[string]canned {
	devPause := time.Date(2027, 1, 12, 9, 0, 0, 0, time.UTC)
	return map[string]canned{
		"home": {"pages/home", func(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("home.title"), homeBody{Newsletters: []homeLine{
				{n.Name, n.Description, l.Code(), "/dev/signup?lang=" + l.Code()}, {"Media Watch Weekly", "What we found this week, in English.", "en", "/dev/signup?lang=en"},
			}}
		}},
		"home-empty": {"pages/home", func(_ *server, l *locale.Locale, _ newsletter.Newsletter) (string, any) {
			return l.T("home.none_title"), homeBody{}
		}},
		"signup":       devSignup(func(*locale.Locale) signupBody { return signupBody{} }),
		"signup-empty": devSignup(func(l *locale.Locale) signupBody { return signupBody{Error: l.T("signup.empty"), Focus: true} }),
		"signup-format": devSignup(func(l *locale.Locale) signupBody {
			return signupBody{Email: "nadia@example", Error: l.T("signup.format"), Focus: true}
		}),
		"signup-typo": devSignup(func(*locale.Locale) signupBody {
			return signupBody{Email: "nadia@gmial.com", Suggestion: "nadia@gmail.com"}
		}),
		"signup-challenge": devSignup(func(l *locale.Locale) signupBody {
			return signupBody{Email: "nadia@example.org", Notice: l.T("signup.challenge")}
		}),
		"signup-ours": devSignup(func(l *locale.Locale) signupBody {
			return signupBody{Email: "nadia@example.org", Error: l.T("signup.ours")}
		}),
		"refused": {"pages/refused", func(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("refused.title"), refusedBody{n.Name, devMasked, "news@example.org"}
		}},
		"sent":          devSent(func(*locale.Locale) sentBody { return sentBody{} }),
		"sent-again":    devSent(func(l *locale.Locale) sentBody { return sentBody{Notice: l.T("sent.again_done"), NoticeGood: true} }),
		"sent-delayed":  devSent(func(*locale.Locale) sentBody { return sentBody{Delayed: true} }),
		"sent-code":     devSent(func(l *locale.Locale) sentBody { return sentBody{Code: "482 113", CodeError: l.T("sent.code_wrong")} }),
		"confirm":       devConfirm(false),
		"confirm-again": devConfirm(true),
		"unsubscribe-again": {"pages/unsubscribe", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("unsubscribe.title", "name", n.Name), unsubscribeBody{Name: n.Name, Masked: devMasked, Action: "/dev/unsubscribe", Shown: s.formToken(tokenForm), Weekly: true, Again: "leave"}
		}},
		"confirmed": {"pages/confirmed", func(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("confirmed.title"), confirmedBody{
				Name: n.Name, Masked: devMasked, Cadence: newsletter.Instant, SettingsURL: "/dev/preferences?lang=" + l.Code(), Article: devArticle,
				Latest: []Article{{"Who pays for the news we read", devArticle}, {"Хто володіє телеканалами", devArticle}, {"Three questions to ask any headline", devArticle}},
			}
		}},
		"already": {"pages/confirmed", func(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("confirm.already_title"), confirmedBody{Already: true, Name: n.Name, Site: n.SiteURL}
		}},
		"expired": {"pages/expired", func(s *server, l *locale.Locale, _ newsletter.Newsletter) (string, any) {
			return l.T("confirm.expired_title"), expiredBody{Action: "/dev/expired", Shown: s.formToken(tokenForm)}
		}},
		"expired-sent": {"pages/expired", func(_ *server, l *locale.Locale, _ newsletter.Newsletter) (string, any) {
			return l.T("confirm.fresh_title"), expiredBody{Done: true}
		}},
		"not-me": {"pages/notme", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("notme.title"), notMeBody{Name: n.Name, Masked: devMasked, Action: "/dev/not-me", Shown: s.formToken(tokenForm)}
		}},
		"not-me-done": {"pages/notme", func(_ *server, l *locale.Locale, _ newsletter.Newsletter) (string, any) {
			return l.T("notme.done_title"), notMeBody{Done: true}
		}},
		"hold": {"pages/hold", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("hold.page"), holdBody{Name: n.Name, Title: "Who pays for the news we read", When: localMoment(l, devPause, "Europe/Kyiv"), State: "waiting", Action: "/dev/hold", Shown: s.formToken(tokenForm), Admin: "/admin/"}
		}},
		"hold-done": {"pages/hold", func(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("hold.page"), holdBody{Name: n.Name, Title: "Who pays for the news we read", State: "held", Admin: "/admin/"}
		}},
		"unsubscribe": {"pages/unsubscribe", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("unsubscribe.title", "name", n.Name), unsubscribeBody{Name: n.Name, Masked: devMasked, Action: "/dev/unsubscribe", Shown: s.formToken(tokenForm), Weekly: true}
		}},
		"unsubscribed": {"pages/unsubscribed", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("unsubscribe.done_title", "name", n.Name), unsubscribedBody{
				Name: n.Name, Action: "/dev/unsubscribe", Shown: s.formToken(tokenForm), SubscribeURL: "/dev/signup", Site: n.SiteURL,
			}
		}},
		"unsubscribed-gone": {"pages/unsubscribed", func(_ *server, l *locale.Locale, _ newsletter.Newsletter) (string, any) {
			return l.T("unsubscribe.gone_title"), unsubscribedBody{Gone: true}
		}},
		"preferences":        devPreferences("", nil),
		"preferences-saved":  devPreferences("preferences.saved", nil),
		"preferences-paused": devPreferences("", &devPause),
		"error": {"pages/error", func(_ *server, l *locale.Locale, _ newsletter.Newsletter) (string, any) {
			return l.T("error.ours.title"), page.ErrorView{L: l, Error: &page.Error{Key: "ours"}, RequestID: "k4tq7mzc2w9d"}
		}},
		"error-not-found": {"pages/error", func(_ *server, l *locale.Locale, _ newsletter.Newsletter) (string, any) {
			return l.T("error.not_found.title"), page.ErrorView{L: l, Error: &page.Error{Key: "not_found"}}
		}},
	}
}

func devSignup(body func(*locale.Locale) signupBody) canned {
	return canned{"pages/signup", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
		b := body(l)
		b.Newsletter, b.FormToken, b.Article = n, s.formToken(signupForm), devArticle
		return l.T("signup.title", "name", n.Name), b
	}}
}

func devSent(body func(*locale.Locale) sentBody) canned {
	return canned{"pages/sent", func(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
		b := body(l)
		b.Newsletter, b.Email, b.Masked, b.Handle, b.Article = n, "nadia@example.org", devMasked, "handle", devArticle
		b.WrongURL = "/dev/signup?lang=" + l.Code()
		return l.T("sent.title"), b
	}}
}

func devConfirm(again bool) canned {
	return canned{"pages/confirm", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
		return l.T("confirm.title"), confirmBody{
			Name: n.Name, Masked: devMasked, Action: "/dev/confirm", Shown: s.formToken(tokenForm), NotMe: "/dev/not-me?lang=" + l.Code(), Again: again,
		}
	}}
}

func devPreferences(said string, paused *time.Time) canned {
	return canned{"pages/preferences", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
		p := subscriber.Preferences{Cadence: newsletter.Weekly, Hour: 8, Zone: "Europe/Kyiv", PausedUntil: paused}
		p.Masked, p.Locale = devMasked, l.Code()
		b := s.preferencesBody(l, n.Name, p)
		if said != "" {
			b.Notice = l.T(said)
		}
		return l.T("preferences.title"), b
	}}
}

func devNewsletter(l *locale.Locale, accent string) newsletter.Newsletter {
	n := newsletter.New()
	n.Slug, n.Name, n.Description = "watch", "Media Watch", "Who tells us the news, and who pays for it: our new research as it comes out."
	n.Thanks = map[string]string{"en": "Thank you for subscribing!", "uk": "Дякуємо за підписку!"}
	if l.Code() == "uk" {
		n.Name, n.Description = "Медіадозор", "Хто розповідає нам новини й хто за них платить: наші нові дослідження, щойно вони вийдуть."
	}
	n.SiteURL, n.PrivacyURL = "https://news.example.org/", "https://news.example.org/privacy"
	n.PostalAddress = "Media Watch, PO Box 12, 01001 Kyiv"
	if accent != "" {
		n.Accent = accent
	}
	return n
}

func (s *server) devIndex(w http.ResponseWriter, r *http.Request) error {
	b := devIndexBody{}
	for name := range devPages() {
		b.Pages = append(b.Pages, devLine{name, "/dev/" + name + "?lang=en", "/dev/" + name + "?lang=uk"})
	}
	slices.SortFunc(b.Pages, func(a, b devLine) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return s.Pages.Render(w, r, http.StatusOK, "pages/dev", page.View{L: s.Pages.Locale(r, ""), Title: "Pages", Body: b})
}

func (s *server) devPage(w http.ResponseWriter, r *http.Request) error {
	name, err := url.PathUnescape(chi.URLParam(r, "page"))
	c, ok := devPages()[name]
	if err != nil || !ok {
		return page.NotFound(nil)
	}
	l := s.Pages.Locale(r, "")
	n := devNewsletter(l, r.FormValue("accent"))
	title, body := c.body(s, l, n)
	return s.Pages.Render(w, r, http.StatusOK, c.template, page.View{
		L: l, Title: title, Site: siteOf(n), Languages: s.Pages.Languages(r, l), Body: body,
	})
}
