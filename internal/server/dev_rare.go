package server

import (
	"time"

	"vistka/internal/hotline"
	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
)

// devRarePages are the states that few people see: a press that came too fast, a
// link whose time is over, a choice that was made meanwhile, and what went wrong.
func devRarePages() map[string]canned {
	act := func(b actBody) canned {
		return canned{"pages/act", func(*server, *locale.Locale, newsletter.Newsletter) (string, any) { return "", b }}
	}
	pages := map[string]canned{
		"home-missing": {"pages/home", func(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			missing := &page.Error{Key: "no_newsletter"}
			return l.T(missing.Title()), homeBody{Missing: missing, Newsletters: []homeLine{{n.Name, n.Description, l.Code(), "/dev/signup?lang=" + l.Code()}}}
		}},
		"confirm-code": {"pages/confirm", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("confirm.title"), confirmBody{
				Name: n.Name, Masked: devMasked, Action: "/dev/confirm", Shown: s.formToken(tokenForm), NotMe: "/dev/not-me", Again: true, Code: "482 113", CodeError: l.T("sent.code_wrong"),
			}
		}},
		"confirm-code-over": {"pages/confirm", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("confirm.title"), confirmBody{
				Name: n.Name, Masked: devMasked, Action: "/dev/confirm", Shown: s.formToken(tokenForm), NotMe: "/dev/not-me", Again: true, CodeOver: true, CodeError: l.T("confirm.code_spent"),
			}
		}},
		"expired-again":    devExpired(expiredBody{Why: "expired", Again: true}),
		"expired-replaced": devExpired(expiredBody{Why: "replaced"}),
		"expired-left":     devExpired(expiredBody{Why: "left", UndoURL: "/dev/unsubscribed"}),
		"expired-used":     devExpired(expiredBody{Why: "used"}),
		"not-me-again": {"pages/notme", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("notme.title"), notMeBody{Name: n.Name, Masked: devMasked, Action: "/dev/not-me", Shown: s.formToken(tokenForm), Again: true}
		}},
		"hold-again":    devHold("waiting", true),
		"hold-released": devHold("released", false),
		"hold-decided":  devHold("", false),
		"unsubscribe-several": {"pages/unsubscribe", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			return l.T("unsubscribe.title", "name", n.Name), unsubscribeBody{Name: n.Name, Masked: devMasked, Action: "/dev/unsubscribe", Shown: s.formToken(tokenForm), Pause: true, Others: 2}
		}},
		"unsubscribed-all":   devLeft(unsubscribedBody{All: 3}),
		"unsubscribed-apart": devLeft(unsubscribedBody{All: 2, Press: "1"}, 0, 1),
		"unsubscribed-one":   devLeft(unsubscribedBody{All: 1, Press: "1"}, 0),
		"unsubscribed-back":  devLeft(unsubscribedBody{Back: 2}, 0, 1),
		"unsubscribed-again": devLeft(unsubscribedBody{Again: true}),
		"unsubscribed-over":  devLeft(unsubscribedBody{UndoOver: true, SubscribeURL: "/dev/signup"}),
		"preferences-until":  devPreferences(nil, func(_ *locale.Locale, b *preferencesBody) { choosePause(b, "date") }),
		"preferences-topics": devPreferences(nil, func(l *locale.Locale, b *preferencesBody) {
			b.TopicsWrong = l.T("preferences.topics_unknown", "topics", devWordsIn(l).GoneTopic)
		}),
		"preferences-weekly": devPreferences(nil, func(l *locale.Locale, b *preferencesBody) {
			b.Notice, b.Undo = l.T("preferences.saved_weekly"), "sealed"
		}),
		"preferences-unchanged": devPreferences(nil, func(l *locale.Locale, b *preferencesBody) { b.Notice = l.T("preferences.unchanged") }),
		"preferences-restored":  devPreferences(nil, func(l *locale.Locale, b *preferencesBody) { b.Notice = l.T("preferences.as_before") }),
		"preferences-changed-since": devPreferences(nil, func(l *locale.Locale, b *preferencesBody) {
			b.Notice, b.Bad = l.T("preferences.changed_since"), true
		}),
		"preferences-link-late": devPreferences(nil, func(l *locale.Locale, b *preferencesBody) { b.Notice, b.Bad = l.T("own.late"), true }),
		"preferences-link-over": devPreferences(nil, func(l *locale.Locale, b *preferencesBody) {
			b.Notice, b.Bad = l.T("preferences.link_over"), true
		}),
		"preferences-no-preference": devPreferences(nil, func(l *locale.Locale, b *preferencesBody) {
			b.Translations = translationsBody{
				Languages: []option{{"", l.T("preferences.preferred_none"), true}, {"en", "English", false}, {"uk", "Українська", false}},
				Choices:   []option{{"wait", l.T("preferences.translation_wait"), true}, {"first", l.T("preferences.translation_first"), false}, {"only", l.T("preferences.translation_only"), false}},
			}
		}),
		"data-late": devData(func(l *locale.Locale, b *dataBody) {
			b.Waiting, b.Asked, b.Late = devTyped, l.T("sent.title"), l.T("own.late")
		}),
		"data-again": devData(func(_ *locale.Locale, b *dataBody) { b.Email, b.Again = "olena@example.net", true }),
		"data-mails-none": {"pages/mails", func(_ *server, l *locale.Locale, _ newsletter.Newsletter) (string, any) {
			return l.T("mails.title"), mailsBody{Path: devFresh}
		}},
		"data-consent-mailed": {"pages/consent", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			title, body := devConsent(s, l, n)
			b := body.(consentBody)
			b.Notice = l.T("consent.mailed")
			return title, b
		}},
		"data-linked-late": act(actBody{Title: "own.title", Said: "own.late", Text: "own.late", Status: true}),
		"data-stopped":     act(actBody{Title: "own.title", Said: "preferences.link_stopped", Text: "own.stopped", More: "own.write", Address: devMasked, Status: true, Write: "news@example.org"}),
		"erase-again":      act(actBody{Title: "erase.title", Text: "erase.text", More: "erase.more", Address: "olena@example.org", Button: "erase.button", Danger: true, Action: devFresh, BackURL: devFresh, BackWords: "erase.back", Again: true}),
		"address-again":    act(actBody{Title: "address.title", Text: "address.text", More: "address.more", Address: devTyped, Button: "address.button", Action: devFresh, Again: true}),
		"keep-over":        act(actBody{Title: "keep.over_title", Text: "keep.over_text"}),
	}
	for _, key := range []string{
		"ours", "not_found", "gone", "erased", "no_archive", "withdrawn", "no_hotline", "closed", "forbidden", "bad_request", "too_large", "complaint_too_large", "method", "signup_page", "too_many", "away",
	} {
		pages["error-"+key] = canned{"pages/error", func(_ *server, l *locale.Locale, _ newsletter.Newsletter) (string, any) {
			v := page.ErrorView{L: l, Error: &page.Error{Key: key, Most: map[string]int{"too_large": maxBody >> 10, "complaint_too_large": hotline.MaxText}[key]}}
			if key == "ours" {
				v.RequestID = "k4tq7mzc2w9d"
			}
			return l.T(v.Error.Title()), v
		}}
	}
	return pages
}

func devHold(state string, again bool) canned {
	return canned{"pages/hold", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
		return l.T("hold.page"), holdBody{
			Name: n.Name, Title: devWordsIn(l).Stories[0].Title, When: localMoment(l, time.Date(2026, time.December, 24, 8, 0, 0, 0, time.UTC), "Europe/Kyiv"),
			State: state, Action: "/dev/hold", Shown: s.formToken(tokenForm), Admin: "/admin/", Again: again, Told: state == "held",
		}
	}}
}

func devExpired(b expiredBody) canned {
	return canned{"pages/expired", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
		b.Name, b.Masked, b.Action, b.Shown = n.Name, devMasked, "/dev/expired", s.formToken(tokenForm)
		return expiredTitle(l, b), b
	}}
}

// devLeft names those of the other newsletters that were left apart.
func devLeft(b unsubscribedBody, apart ...int) canned {
	return canned{"pages/unsubscribed", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
		b.Name, b.Action, b.Shown, b.Site, b.OwnURL = n.Name, "/dev/unsubscribe", s.formToken(tokenForm), n.SiteURL, "/dev/unsubscribed"
		var names []string
		for _, i := range apart {
			names = append(names, devWordsIn(l).Others[i])
		}
		b.Told, b.Until = true, localMoment(l, s.Clock.Now().AddDate(0, 0, 30), n.Timezone)
		if b.Back > 0 {
			b.BackNames = named(l, names)
		} else {
			b.Apart = named(l, names)
		}
		return doneTitle(l, n.Name, b.All), b
	}}
}
