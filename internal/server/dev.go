package server

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"vistka/internal/hotline"
	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
)

// devIndexBody is the Body of pages/dev.html.
type devIndexBody struct{ Parts []devPart }

type devPart struct {
	Title string
	Pages []devLine
}

type devLine struct{ Name, English, Ukrainian string }

// canned is a public page with data that no database holds.
type canned struct {
	template string
	body     func(s *server, l *locale.Locale, n newsletter.Newsletter) (title string, body any)
}

const (
	devMasked  = "ol••@example.org"
	devTyped   = "olena.new@example.net"
	devArticle = "https://news.example.org/research/who-pays"
)

// devPages is every public page and its states.
func devPages() map[string]canned {
	pages := map[string]canned{
		"home": {"pages/home", func(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			w := devWordsIn(l)
			return l.T("home.title"), homeBody{Newsletters: []homeLine{
				{n.Name, n.Description, l.Code(), "/dev/signup?lang=" + l.Code()}, {w.Weekly, w.WeeklyDescription, l.Code(), "/dev/signup?lang=" + l.Code()},
			}}
		}},
		"home-empty": {"pages/home", func(_ *server, l *locale.Locale, _ newsletter.Newsletter) (string, any) {
			return l.T("home.none_title"), homeBody{}
		}},
		"signup":       devSignup(func(*locale.Locale) signupBody { return signupBody{} }),
		"signup-empty": devSignup(func(l *locale.Locale) signupBody { return signupBody{Error: l.T("signup.empty"), Focus: true} }),
		"signup-format": devSignup(func(l *locale.Locale) signupBody {
			return signupBody{Email: "olena@example", Error: l.T("signup.format"), Focus: true}
		}),
		"signup-typo": devSignup(func(*locale.Locale) signupBody {
			return signupBody{Email: "olena@gmial.com", Suggestion: "olena@gmail.com"}
		}),
		"signup-challenge": devSignup(func(l *locale.Locale) signupBody {
			return signupBody{Email: "olena@example.org", Notice: l.T("signup.challenge")}
		}),
		"signup-prove": devSignup(func(l *locale.Locale) signupBody {
			return signupBody{Email: "olena@example.org", Notice: l.T("signup.prove"), Press: true, Challenge: devChallengePath}
		}),
		"signup-ours": devSignup(func(l *locale.Locale) signupBody {
			return signupBody{Email: "olena@example.org", Error: l.T("signup.ours")}
		}),
		"refused": {"pages/refused", func(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("refused.title"), refusedBody{n.Name, devMasked, "news@example.org"}
		}},
		"frame":           devSignup(func(*locale.Locale) signupBody { return signupBody{} }),
		"frame-error":     devSignup(func(l *locale.Locale) signupBody { return signupBody{Error: l.T("signup.empty")} }),
		"frame-sent":      devSent(func(*locale.Locale) sentBody { return sentBody{} }),
		"frame-confirmed": devConfirmed(),

		"sent":          devSent(func(*locale.Locale) sentBody { return sentBody{} }),
		"sent-again":    devSent(func(l *locale.Locale) sentBody { return sentBody{Notice: l.T("sent.again_done"), NoticeGood: true} }),
		"sent-delayed":  devSent(func(*locale.Locale) sentBody { return sentBody{Late: "delayed"} }),
		"sent-halted":   devSent(func(*locale.Locale) sentBody { return sentBody{Late: "halted"} }),
		"sent-code":     devSent(func(l *locale.Locale) sentBody { return sentBody{Code: "482 113", CodeError: l.T("sent.code_wrong")} }),
		"confirm":       devConfirm(false),
		"confirm-again": devConfirm(true),
		"unsubscribe-again": {"pages/unsubscribe", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("unsubscribe.title", "name", n.Name), unsubscribeBody{Name: n.Name, Masked: devMasked, Action: "/dev/unsubscribe", Shown: s.formToken(tokenForm), Weekly: true, Pause: true, Again: "leave"}
		}},
		"confirmed": devConfirmed(),
		"already": {"pages/confirmed", func(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("confirm.already_title"), confirmedBody{Already: true, Name: n.Name, Site: n.SiteURL}
		}},
		"expired":      devExpired(expiredBody{Why: "expired"}),
		"expired-sent": devExpired(expiredBody{Why: "fresh"}),
		"expired-late": devExpired(expiredBody{Why: "fresh", Late: lateHalted}),
		"not-me": {"pages/notme", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("notme.title"), notMeBody{Name: n.Name, Masked: devMasked, Action: "/dev/not-me", Shown: s.formToken(tokenForm)}
		}},
		"not-my-address": {"pages/notme", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("notme.title"), notMeBody{Moves: true, Name: n.Name, Action: "/dev/not-my-address", Shown: s.formToken(tokenForm)}
		}},
		"not-my-address-moved": {"pages/notme", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("notme.title"), notMeBody{Moves: true, Moved: true, Name: n.Name, Action: "/dev/not-my-address", Shown: s.formToken(tokenForm)}
		}},
		"not-me-done": {"pages/notme", func(_ *server, l *locale.Locale, _ newsletter.Newsletter) (string, any) {
			return l.T("notme.done_title"), notMeBody{Done: true, Told: true}
		}},
		"hold":      devHold("waiting", false),
		"hold-done": devHold("held", false),
		"unsubscribe": {"pages/unsubscribe", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("unsubscribe.title", "name", n.Name), unsubscribeBody{Name: n.Name, Masked: devMasked, Action: "/dev/unsubscribe", Shown: s.formToken(tokenForm), Weekly: true, Pause: true}
		}},
		"unsubscribed": devLeft(unsubscribedBody{}),
		"unsubscribed-gone": {"pages/unsubscribed", func(_ *server, l *locale.Locale, _ newsletter.Newsletter) (string, any) {
			return l.T("unsubscribe.gone_title"), unsubscribedBody{Gone: true}
		}},
		"frame-hotline":        devHotline(hotline.Callback, nil),
		"frame-hotline-thanks": devHotlineThanks(hotline.Callback),
		"hotline-callback":     devHotline(hotline.Callback, nil),
		"hotline-callback-errors": devHotline(hotline.Callback, func(l *locale.Locale, b *hotlineBody) {
			b.Phone, b.Errors = devWordsIn(l).NoPhone, map[string]string{"phone": l.T("hotline.error.phone_letters")}
		}),
		"hotline-callback-challenge": devHotline(hotline.Callback, func(l *locale.Locale, b *hotlineBody) {
			b.Name, b.Phone, b.BestTime, b.Notice = devWordsIn(l).Reader, "+380 44 123 45 67", "18:00–20:00", l.T("hotline.challenge")
		}),
		"hotline-complaint": devHotline(hotline.Complaint, nil),
		"hotline-complaint-errors": devHotline(hotline.Complaint, func(l *locale.Locale, b *hotlineBody) {
			b.Contact, b.Errors = "olena@example.org", map[string]string{"subject": l.T("hotline.error.subject_empty"), "text": l.T("hotline.error.text_empty")}
		}),
		"hotline-complaint-ours": devHotline(hotline.Complaint, func(l *locale.Locale, b *hotlineBody) {
			w := devWordsIn(l)
			b.Subject, b.Text, b.Notice = w.Subject, w.Complaint, l.T("hotline.ours")
		}),
		"hotline-thanks-callback":  devHotlineThanks(hotline.Callback),
		"hotline-thanks-complaint": devHotlineThanks(hotline.Complaint),
	}
	maps.Copy(pages, devOwnPages())
	maps.Copy(pages, devRarePages())
	return pages
}

// devChallengePath gives the canned page work as in attack mode, whatever the
// settings are: so that it can be seen at work.
const devChallengePath = "/dev/challenge"

func (s *server) devChallenge(w http.ResponseWriter, _ *http.Request) error {
	return s.giveWork(w, hardWork)
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
		b.Newsletter, b.To, b.Masked, b.Handle, b.Article = n, "to", devMasked, "handle", devArticle
		b.WrongURL = "/dev/signup?lang=" + l.Code()
		return l.T("sent.title"), b
	}}
}

func devConfirmed() canned {
	return canned{"pages/confirmed", func(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
		stories := devWordsIn(l).Stories
		return l.T("confirmed.title"), confirmedBody{
			Name: n.Name, Masked: devMasked, Thanks: thanks(l, n), Cadence: newsletter.Instant, Volume: volumeWords(l, devVolume(), newsletter.Instant), SettingsURL: "/dev/preferences?lang=" + l.Code(), Article: devArticle,
			Latest: []Article{{stories[0].Title, devArticle}, {stories[1].Title, devArticle}, {stories[3].Title, devArticle}},
		}
	}}
}

func devConfirm(again bool) canned {
	return canned{"pages/confirm", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
		return l.T("confirm.title"), confirmBody{
			Name: n.Name, Masked: devMasked, Action: "/dev/confirm", Shown: s.formToken(tokenForm), NotMe: "/dev/not-me?lang=" + l.Code(), Again: again,
		}
	}}
}

func devNewsletter(l *locale.Locale, accent string) newsletter.Newsletter {
	n, w := newsletter.New(), devWordsIn(l)
	n.Slug, n.Name, n.Description, n.PostalAddress = "watch", w.Name, w.Description, w.Postal
	n.Thanks = map[string]string{"en": "Thank you for subscribing!", "uk": "Дякуємо за підписку!"}
	n.Language = "en"
	if l.Code() == "uk" {
		n.Language = "uk"
	}
	n.SiteURL, n.PrivacyURL = "https://news.example.org/", "https://news.example.org/privacy"
	if accent != "" {
		n.Accent = accent
	}
	return n
}

func (s *server) devIndex(w http.ResponseWriter, r *http.Request) error {
	part := func(title, path string, names []string) devPart {
		p := devPart{Title: title}
		for _, name := range names {
			p.Pages = append(p.Pages, devLine{name, path + name + "?lang=en", path + name + "?lang=uk"})
		}
		return p
	}
	b := devIndexBody{[]devPart{
		part("Pages of readers", "/dev/", slices.Sorted(maps.Keys(devPages()))),
		part("Mails", "/dev/mail/", s.devMailNames()),
	}}
	return s.Pages.Render(w, r, http.StatusOK, "pages/dev", page.View{L: s.Pages.Locale(r), Title: "Pages and mails", Body: b})
}

func (s *server) devPage(w http.ResponseWriter, r *http.Request) error {
	name, err := url.PathUnescape(chi.URLParam(r, "page"))
	c, ok := devPages()[name]
	if err != nil || !ok {
		return page.NotFound(nil)
	}
	l := s.Pages.Locale(r)
	n := devNewsletter(l, r.FormValue("accent"))
	n.LogoURL = r.FormValue("logo")
	if strings.HasPrefix(name, "frame") { // as a site shows it
		page.AllowFrames(r, "'self'")
	}
	title, body := c.body(s, l, n)
	v := page.View{L: l, Title: title, Site: siteOf(n), Languages: s.Pages.Languages(r, l), Body: body}
	if act, ok := body.(actBody); ok {
		v = actView(v.Languages, l, n, s.formToken(tokenForm), act)
	}
	return s.Pages.Render(w, r, http.StatusOK, c.template, v)
}
