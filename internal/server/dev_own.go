package server

import (
	"time"

	"vistka/internal/article"
	"vistka/internal/edition"
	"vistka/internal/locale"
	"vistka/internal/mailer"
	"vistka/internal/newsletter"
	"vistka/internal/subscriber"
)

const devFresh = "/dev/data"

// devOwnPages are the preference centre, what a fresh link opens, and the archive.
func devOwnPages() map[string]canned {
	pause := time.Date(2027, 1, 12, 9, 0, 0, 0, time.UTC)
	act := func(b actBody) canned {
		return canned{"pages/act", func(_ *server, _ *locale.Locale, _ newsletter.Newsletter) (string, any) { return "", b }}
	}
	return map[string]canned{
		"preferences":        devPreferences(nil, nil),
		"preferences-saved":  devPreferences(nil, func(l *locale.Locale, b *preferencesBody) { b.Notice, b.Undo = l.T("preferences.saved"), "sealed" }),
		"preferences-linked": devPreferences(nil, func(l *locale.Locale, b *preferencesBody) { b.Notice = l.T("preferences.linked") }),
		"preferences-link-stopped": devPreferences(nil, func(l *locale.Locale, b *preferencesBody) {
			b.Notice, b.Bad, b.Write = l.T("preferences.link_stopped"), true, "news@example.org"
		}),
		"preferences-paused": devPreferences(&pause, nil),
		"preferences-translations": devPreferences(nil, func(l *locale.Locale, b *preferencesBody) {
			b.Translations = translationsBody{
				Languages: []option{{"en", "English", false}, {"uk", "Українська", true}},
				Choices:   []option{{"wait", l.T("preferences.translation_wait"), true}, {"first", l.T("preferences.translation_first"), false}, {"only", l.T("preferences.translation_only"), false}},
			}
		}),
		"preferences-wrong": devPreferences(nil, func(l *locale.Locale, b *preferencesBody) {
			choosePause(b, "date")
			b.Until, b.UntilWrong, b.TopicsWrong = "2020-01-01", l.T("preferences.until_wrong"), l.T("preferences.topics_wrong")
		}),
		"data":         devData(func(_ *locale.Locale, _ *dataBody) {}),
		"data-asked":   devData(func(_ *locale.Locale, b *dataBody) { b.Waiting = devTyped }),
		"data-wrong":   devData(func(l *locale.Locale, b *dataBody) { b.Email, b.Wrong = "nadia@example", l.T("signup.format") }),
		"data-mails":   {"pages/mails", devMails},
		"data-consent": {"pages/consent", devConsent},
		"data-moved": act(actBody{
			Title: "data.moved_title", Text: "data.moved_text", More: "data.moved_more", Write: "news@example.org", Button: "data.stale_button", Act: "link", Action: devFresh,
		}),
		"data-stale":  act(actBody{Title: "data.stale_title", Text: "data.stale_text", Button: "data.stale_button", Act: "link", Action: devFresh}),
		"data-none":   act(actBody{Title: "data.none_title", Text: "data.none_text"}),
		"data-linked": act(actBody{Title: "own.title", Text: "own.linked", Address: devMasked, Status: true}),
		"erase": act(actBody{
			Title: "erase.title", Text: "erase.text", More: "erase.more", Address: "nadia@example.org", Button: "erase.button", Danger: true,
			Action: devFresh, BackURL: devFresh, BackWords: "erase.back",
		}),
		"erased":          act(actBody{Title: "erase.done_title", Text: "erase.done_text", More: "erase.done_more", Status: true}),
		"address":         act(actBody{Title: "address.title", Text: "address.text", More: "address.more", Address: devTyped, Button: "address.button", Action: devFresh}),
		"address-done":    act(actBody{Title: "address.done_title", Text: "address.done_text", Address: devMasked, Status: true, BackURL: "/dev/preferences", BackWords: "address.settings"}),
		"address-taken":   act(actBody{Title: "address.taken_title", Text: "address.taken_text", More: "address.taken_more"}),
		"address-over":    act(actBody{Title: "address.over_title", Text: "address.over_text"}),
		"keep-address":    act(actBody{Title: "keep.title", Text: "keep.text", Address: "na••@example.net", Button: "keep.button", Action: devFresh}),
		"keep-done":       act(actBody{Title: "keep.done_title", Text: "keep.done_text", Address: devMasked, Status: true}),
		"keep-late":       act(actBody{Title: "keep.late_title", Text: "keep.late_text", More: "data.moved_more", Write: "news@example.org"}),
		"archive":         {"pages/archive", devArchive},
		"archive-empty":   {"pages/archive", devArchiveEmpty},
		"archive-edition": {"pages/edition", devEdition},
	}
}

// devVolume is how many mails a month each cadence brings.
func devVolume() article.Volume {
	return article.Volume{newsletter.Instant: 21, newsletter.Daily: 9, newsletter.Weekly: 4.35, newsletter.Monthly: 1}
}

func devPreferences(paused *time.Time, change func(*locale.Locale, *preferencesBody)) canned {
	return canned{"pages/preferences", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
		p := subscriber.Preferences{Cadence: newsletter.Weekly, Hour: 8, PausedUntil: paused, Topics: []string{"Research", "Право"}}
		p.Masked, p.Locale, p.Zone = devMasked, l.Code(), "Europe/Kyiv"
		b := s.preferencesBody(l, n, p, []string{"Elections", "Research", "Television", "Право"}, devVolume())
		if change != nil {
			change(l, &b)
		}
		return l.T("preferences.title"), b
	}}
}

func devData(change func(*locale.Locale, *dataBody)) canned {
	return canned{"pages/data", func(s *server, l *locale.Locale, _ newsletter.Newsletter) (string, any) {
		b := dataBody{Address: "nadia@example.org", Until: l.Clock(time.Date(2026, time.November, 23, 11, 32, 0, 0, zoneOf("Europe/Kyiv"))), Path: devFresh, Shown: s.formToken(tokenForm)}
		change(l, &b)
		return l.T("data.title"), b
	}}
}

func devMails(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
	b := mailsBody{Path: devFresh, MoreURL: "/dev/data-mails"}
	for i, m := range []edition.Mailed{
		{Titles: []string{"Who pays for the news we read"}, State: "sent"},
		{Titles: []string{"Хто володіє телеканалами", "Three questions to ask any headline"}, State: "in doubt"},
		{State: "sent"},
		{Titles: []string{"Our report on regional papers"}, State: "skipped", Kind: "correction"},
		{State: "sent", Kind: "link", About: subscriber.AboutMoved},
		{State: "sent", Kind: "link", About: subscriber.AboutNewAddress},
		{State: "sent", Kind: "link", About: subscriber.AboutOldAddress},
		{State: "sent", Kind: "link", About: subscriber.AboutReceipt},
		{State: "sent", Kind: "link", About: subscriber.AboutData},
		{State: "sent", Kind: "welcome"},
	} {
		m.Newsletter, m.Slug, m.Language, m.Archive = n.Name, n.Slug, n.Language, true
		if m.Kind != "welcome" && m.Kind != "link" {
			m.EditionID = int64(20 - i)
		}
		m.At = time.Date(2026, 11, 24-i, 6, 0, 0, 0, time.UTC)
		b.Mails = append(b.Mails, s.mailLine(l, "Europe/Kyiv", m))
	}
	return l.T("mails.title"), b
}

func devConsent(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
	at := time.Date(2026, 11, 20, 7, 41, 0, 0, time.UTC)
	en := s.Pages.Catalog().For("en") // what was agreed to has its own language
	events := []subscriber.Event{
		{At: at.Add(90 * time.Hour), Kind: "withdrawn", Source: "header", Locale: "en", Address: "nadia@example.net", IP: "192.0.2.9"},
		{At: at.Add(52 * time.Hour), Kind: "changed", Source: "translations: uk, only", Locale: "en", Address: "nadia@example.net", Changes: []subscriber.Setting{
			{What: "preferred", From: []string{"en"}, To: []string{"uk"}}, {What: "translations", From: []string{"wait"}, To: []string{"only"}},
		}},
		{At: at.Add(51 * time.Hour), Kind: "changed", Source: "preferences: weekly", Locale: "en", Address: "nadia@example.net", Changes: []subscriber.Setting{
			{What: "cadence", From: []string{"instant"}, To: []string{"weekly"}},
			{What: "topics", To: []string{"Media", "Право"}},
			{What: "pause", To: []string{"2026-12-24T00:00:00Z"}},
			{What: "hour", From: []string{"8"}, To: []string{"19"}},
			{What: "zone", From: []string{"Europe/Kyiv"}, To: []string{"Europe/Paris"}},
		}},
		{At: at.Add(50 * time.Hour), Kind: "changed", Source: "address", Locale: "en", Address: "nadia@example.net", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)", Changes: []subscriber.Setting{
			{What: "address", From: []string{"nadia@example.org"}, To: []string{"nadia@example.net"}},
		}},
		{At: at.Add(time.Minute), Kind: "confirmed", Source: "code", Locale: "en", Address: "nadia@example.org", Wording: codeWording(en, n), IP: "192.0.2.7", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"},
		{At: at, Kind: "requested", Source: "form", Locale: "en", Address: "nadia@example.org", Wording: wording(en, n), PageURL: devArticle, Article: "Who pays for the news we read", IP: "192.0.2.7", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"},
	}
	for i := range events {
		events[i].Name, events[i].Language = n.Name, n.Language
	}
	return l.T("consent.title"), consentBody{Path: devFresh, Events: s.consentLines(l, "Europe/Kyiv", events)}
}

func devArchive(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
	b := archiveBody{Name: n.Name, Description: n.Description, FeedURL: "/dev/archive", SubscribeURL: "/dev/signup", OlderURL: "/dev/archive"}
	for i, a := range []edition.Archived{
		{Title: "Who pays for the news we read", Summary: "We asked forty newsrooms where their money comes from. Eleven answered.", Author: "the research desk", EditionID: 12},
		{Title: "Хто володіє телеканалами", Summary: "Власники, їхні інші компанії та те, про що канали мовчать.", EditionID: 11},
		{Title: "Three questions to ask any headline"},
	} {
		a.URL, a.ReleasedAt = devArticle, time.Date(2026, 11, 24-i, 6, 0, 0, 0, time.UTC)
		b.Articles = append(b.Articles, archiveLineOf(l, n, a))
	}
	return l.T("archive.title", "name", n.Name), b
}

func devArchiveEmpty(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
	return l.T("archive.title", "name", n.Name), archiveBody{Name: n.Name, FeedURL: "/dev/archive-empty"}
}

func devEdition(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
	const below, more = 2, 3
	p := mailer.Page{
		Title: l.N("mail.subject.several", below+more, "title", "Who pays for the news we read"), Kicker: l.T("mail.kind.weekly") + " · " + l.Date(time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)),
		Lead: mailer.PageArticle{
			Title: "Who pays for the news we read", URL: devArticle, Topic: "Research", Byline: l.T("mail.by", "author", "the research desk"),
			Summary: "We asked forty newsrooms where their money comes from. Eleven answered.", Continues: true,
			Passages: []mailer.Passage{
				{Kind: "p", HTML: "The question was short: who paid for the last month? The answers ran from a page of figures to a single word."},
				{Kind: "h", HTML: "What they said"},
				{Kind: "li", HTML: "seven named every donor;"},
				{Kind: "li", HTML: "three named the largest;"},
				{Kind: "quote", HTML: "We would rather not say, and we would rather not say why."},
			},
		},
		Articles: []mailer.PageArticle{
			{Title: "Хто володіє телеканалами", URL: devArticle, Summary: "Власники, їхні інші компанії та те, про що канали мовчать.", Lang: "uk", Topic: "Право"},
			{Title: "Three questions to ask any headline", URL: devArticle},
		},
		More: l.N("mail.more", more),
	}
	return p.Title, editionBody{Page: p, ArchiveURL: "/dev/archive", SubscribeURL: subscribeURL(n, l)}
}
