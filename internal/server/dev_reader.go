package server

import (
	"html/template"
	"strings"
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
		"preferences":     devPreferences(nil, nil),
		"preferences-new": devPreferences(nil, func(l *locale.Locale, b *preferencesBody) { b.sayVolume(l, nil) }),
		"preferences-saved": devPreferences(nil, func(l *locale.Locale, b *preferencesBody) {
			b.Notice, b.Undo = l.T("preferences.saved"), "sealed"
			b.Changed = []string{l.T("consent.set_from", "what", l.T("consent.set.cadence"), "to", l.T("cadence.weekly"), "from", l.T("cadence.daily"))}
		}),
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
			for i := range b.Topics {
				b.Topics[i].Selected = false
			}
			b.Until, b.UntilWrong, b.TopicsWrong = "2020-01-01", l.T("preferences.until_wrong"), l.T("preferences.topics_wrong")
		}),
		"data":         devData(func(_ *locale.Locale, _ *dataBody) {}),
		"data-asked":   devData(func(l *locale.Locale, b *dataBody) { b.Waiting, b.Asked = devTyped, l.T("sent.title") }),
		"data-wrong":   devData(func(l *locale.Locale, b *dataBody) { b.Email, b.Wrong = "olena@example", l.T("signup.format") }),
		"data-typo":    devData(func(_ *locale.Locale, b *dataBody) { b.Email, b.Suggestion = "olena@gmial.com", "olena@gmail.com" }),
		"data-mails":   {"pages/mails", devMails},
		"data-consent": {"pages/consent", devConsent},
		"data-moved": act(actBody{
			Title: "data.moved_title", Text: "data.moved_text", More: "data.moved_more", Write: "news@example.org", Button: "data.stale_button", Act: "link", Action: devFresh,
		}),
		"data-stale":  act(actBody{Title: "data.stale_title", Text: "data.stale_text", Button: "data.stale_button", Act: "link", Action: devFresh}),
		"data-kept":   act(actBody{Title: "data.stale_title", Text: "data.kept_text", Button: "data.stale_button", Act: "link", Action: devFresh}),
		"data-none":   act(actBody{Title: "data.none_title", Text: "data.none_text"}),
		"data-linked": act(actBody{Title: "own.title", Said: "preferences.linked", Text: "own.linked", Address: devMasked, Status: true}),
		"erase": act(actBody{
			Title: "erase.title", Text: "erase.text", More: "erase.more", Address: "olena@example.org", Button: "erase.button", Danger: true,
			Action: devFresh, BackURL: devFresh, BackWords: "erase.back",
		}),
		"erased":          act(actBody{Title: "erase.done_title", Text: "erase.done_text", More: "erase.done_more", Status: true}),
		"address":         act(actBody{Title: "address.title", Text: "address.text", More: "address.more", Address: devTyped, Button: "address.button", Action: devFresh}),
		"address-done":    act(actBody{Title: "address.done_title", Text: "address.done_text", Address: devMasked, Status: true, BackURL: "/dev/preferences", BackWords: "address.settings"}),
		"address-taken":   act(actBody{Title: "address.taken_title", Text: "address.taken_text", More: "address.taken_more"}),
		"address-over":    act(actBody{Title: "address.over_title", Text: "address.over_text"}),
		"keep-address":    act(actBody{Title: "keep.title", Text: "keep.text", More: "keep.more", Address: "ol••@example.net", Button: "keep.button", Action: devFresh}),
		"keep-done":       act(actBody{Title: "keep.done_title", Text: "keep.done_text", More: "keep.done_more", Address: devMasked, Status: true}),
		"keep-close":      act(actBody{Title: "keep.done_title", Text: "keep.done_text", More: "keep.close", Address: devMasked, Button: "keep.close_button", Action: devFresh}),
		"keep-late":       act(actBody{Title: "keep.late_title", Text: "keep.late_text", More: "data.moved_more", Write: "news@example.org"}),
		"archive":         {"pages/archive", devArchive},
		"archive-empty":   {"pages/archive", devArchiveEmpty},
		"archive-edition": {"pages/edition", devEdition},
		"archive-correction": {"pages/edition", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
			_, body := devEdition(s, l, n)
			b := body.(editionBody)
			b.Articles, b.More, b.Corrected = nil, "", nil
			b.Note = strings.Split(devWordsIn(l).Correction, "\n\n")
			b.Kicker = l.T("mail.kind.correction") + " · " + l.Date(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC))
			return l.T("mail.correction.subject", "title", b.Lead.Title), b
		}},
	}
}

// devVolume is how many mails a month each cadence brings.
func devVolume() article.Volume {
	return article.Volume{newsletter.Instant: 21, newsletter.Daily: 9, newsletter.Weekly: 4.35, newsletter.Monthly: 1}
}

func devPreferences(paused *time.Time, change func(*locale.Locale, *preferencesBody)) canned {
	return canned{"pages/preferences", func(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
		w := devWordsIn(l)
		p := subscriber.Preferences{Cadence: newsletter.Weekly, Hour: 8, PausedUntil: paused, Topics: []string{w.Law, w.Research}}
		p.Masked, p.Locale, p.Zone = devMasked, l.Code(), "Europe/Kyiv"
		b := s.preferencesBody(l, n, p, w.Topics, devVolume())
		if change != nil {
			change(l, &b)
		}
		return l.T("preferences.title"), b
	}}
}

func devData(change func(*locale.Locale, *dataBody)) canned {
	return canned{"pages/data", func(s *server, l *locale.Locale, _ newsletter.Newsletter) (string, any) {
		b := dataBody{Address: "olena@example.org", Until: l.Clock(time.Date(2026, time.November, 23, 11, 32, 0, 0, zoneOf("Europe/Kyiv"))), Path: devFresh, Shown: s.formToken(tokenForm)}
		change(l, &b)
		return l.T("data.title"), b
	}}
}

func devMails(s *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
	b, stories := mailsBody{Path: devFresh, MoreURL: "/dev/data-mails"}, devWordsIn(l).Stories
	for i, m := range []edition.Mailed{
		{Titles: []string{stories[0].Title}, State: "sent"},
		{Titles: []string{stories[1].Title, stories[3].Title}, State: "in doubt"},
		{State: "sent"},
		{Titles: []string{stories[2].Title}, State: "skipped", Kind: "correction"},
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
	w := devWordsIn(l)
	events := []subscriber.Event{
		{At: at.Add(90 * time.Hour), Kind: "withdrawn", Source: "header", Locale: l.Code(), Address: "olena@example.net", IP: "192.0.2.9"},
		{At: at.Add(52 * time.Hour), Kind: "changed", Source: "translations: uk, only", Locale: l.Code(), Address: "olena@example.net", Changes: []subscriber.Setting{
			{What: "preferred", From: []string{"en"}, To: []string{"uk"}}, {What: "translations", From: []string{"wait"}, To: []string{"only"}},
		}},
		{At: at.Add(51 * time.Hour), Kind: "changed", Source: "preferences: weekly", Locale: l.Code(), Address: "olena@example.net", Changes: []subscriber.Setting{
			{What: "cadence", From: []string{"instant"}, To: []string{"weekly"}},
			{What: "topics", To: []string{w.Law, w.Research}},
			{What: "pause", To: []string{"2026-12-24T00:00:00Z"}},
			{What: "hour", From: []string{"8"}, To: []string{"19"}},
			{What: "zone", From: []string{"Europe/Kyiv"}, To: []string{"Europe/Paris"}},
		}},
		{At: at.Add(50 * time.Hour), Kind: "changed", Source: "address", Locale: l.Code(), Address: "olena@example.net", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)", Changes: []subscriber.Setting{
			{What: "address", From: []string{"olena@example.org"}, To: []string{"olena@example.net"}},
		}},
		{At: at.Add(time.Minute), Kind: "confirmed", Source: "code", Locale: l.Code(), Address: "olena@example.org", Wording: codeWording(l, n), IP: "192.0.2.7", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"},
		{At: at, Kind: "requested", Source: "form", Locale: l.Code(), Address: "olena@example.org", Wording: wording(l, n), PageURL: devArticle, Article: w.Stories[0].Title, IP: "192.0.2.7", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"},
	}
	for i := range events {
		events[i].Name, events[i].Language = n.Name, n.Language
	}
	return l.T("consent.title"), consentBody{Path: devFresh, Events: s.consentLines(l, "Europe/Kyiv", events)}
}

func devArchive(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
	stories := devWordsIn(l).Stories
	b := archiveBody{Name: n.Name, Description: n.Description, FeedURL: "/dev/archive", SubscribeURL: "/dev/signup", OlderURL: "/dev/archive"}
	for i, a := range []edition.Archived{
		{Title: stories[0].Title, Summary: stories[0].Summary, Author: stories[0].Author, EditionID: 12},
		{Title: stories[1].Title, Summary: stories[1].Summary, EditionID: 11},
		{Title: stories[3].Title},
	} {
		a.URL, a.ReleasedAt = devArticle, time.Date(2026, 11, 24-i, 6, 0, 0, 0, time.UTC)
		if i == 1 {
			at := a.ReleasedAt.Add(30 * time.Hour)
			a.CorrectionID, a.CorrectedAt = 13, &at
		}
		b.Articles = append(b.Articles, archiveLineOf(l, n, a))
	}
	return l.T("archive.title", "name", n.Name), b
}

func devArchiveEmpty(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
	return l.T("archive.title", "name", n.Name), archiveBody{Name: n.Name, Description: n.Description, FeedURL: "/dev/archive-empty", SubscribeURL: "/dev/signup?lang=" + l.Code()}
}

func devEdition(_ *server, l *locale.Locale, n newsletter.Newsletter) (string, any) {
	const below, more = 2, 3
	w := devWordsIn(l)
	lead, second, third := w.Stories[0], w.Stories[1], w.Stories[3]
	p := mailer.Page{
		Title: l.N("mail.subject.several", below+more, "title", lead.Title), Kicker: l.T("mail.kind.weekly") + " · " + l.Date(time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)),
		Lead: mailer.PageArticle{
			Title: lead.Title, URL: devArticle, Topic: lead.Topic, Byline: l.T("mail.by", "author", lead.Author), Summary: lead.Summary, Continues: true,
			Passages: []mailer.Passage{{Kind: "p", HTML: template.HTML(w.Text)}, {Kind: "h", HTML: template.HTML(w.Heading)}}, //nolint:gosec // our own words
		},
		Articles: []mailer.PageArticle{
			{Title: second.Title, URL: devArticle, Summary: second.Summary, Topic: second.Topic},
			{Title: third.Title, URL: devArticle},
		},
		More: l.N("mail.more", more),
	}
	for _, point := range w.Points {
		p.Lead.Passages = append(p.Lead.Passages, mailer.Passage{Kind: "li", HTML: template.HTML(point)}) //nolint:gosec // our own words
	}
	p.Lead.Passages = append(p.Lead.Passages, mailer.Passage{Kind: "quote", HTML: template.HTML(w.Quote)}, mailer.Passage{Kind: "p", HTML: "…"}) //nolint:gosec // our own words
	return p.Title, editionBody{
		Page: p, ArchiveURL: "/dev/archive", SubscribeURL: subscribeURL(n, l),
		Corrected: correctedLines(l, n, 3, []edition.Corrected{{Title: p.Lead.Title, EditionID: 13, At: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}}),
	}
}
