package server

import (
	"vistka/internal/hotline"
	"vistka/internal/locale"
	"vistka/internal/newsletter"
)

func devHotlineSettings() hotline.Settings {
	return hotline.Settings{
		Open: true, Phone: "+380 00 000 00 00", KeepDays: 90,
		Hours: map[string]string{"en": "We are available 24/7", "uk": "Ми на зв’язку цілодобово"},
	}
}

func devHotline(kind hotline.Kind, typed func(*locale.Locale, *hotlineBody)) canned {
	return canned{template: "pages/hotline", body: func(s *server, l *locale.Locale, _ newsletter.Newsletter) (string, any) {
		b := hotlineBody{Request: hotline.Request{Kind: kind, Language: l.Code()}}
		if typed != nil {
			typed(l, &b)
		}
		b = s.furnish(l, devHotlineSettings(), b)
		b.OtherURL = "/dev/hotline-" + string(b.OtherKind) + "?lang=" + l.Code()
		return l.T("hotline." + string(kind) + ".title"), b
	}}
}

func devHotlineThanks(kind hotline.Kind) canned {
	return canned{template: "pages/hotline_thanks", body: func(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
		return l.T("hotline.thanks_title"), hotlineThanksBody{Kind: kind, Reference: "4821-7730", Reach: reachOf(l, devHotlineSettings()), Site: n.SiteURL, Told: true}
	}}
}
