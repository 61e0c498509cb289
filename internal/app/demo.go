package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"vistka/internal/article"
	"vistka/internal/config"
	"vistka/internal/demo"
	"vistka/internal/newsletter"
	"vistka/internal/postgres"
	"vistka/internal/subscriber"
)

// demoAccent is the example site's red.
const demoAccent = "#a02c1f"

// RunDemo is Run with the example news site beside it, whose two newsletters
// and feeds are added on the first start, through the same calls as the
// command line's.
func (a *App) RunDemo(ctx context.Context, siteListen string, opened func(Ready)) error {
	ln, err := listen("--site-listen", siteListen)
	if err != nil {
		return err
	}
	defer ln.Close()
	siteURL := "http://" + config.Browsable(ln.Addr().String())
	a.fetcher.Allow = append(a.fetcher.Allow, config.Browsable(ln.Addr().String())) // before anything is fetched
	site, err := demo.Open(filepath.Join(a.Config.DataDir, "site.json"), a.Clock.Now())
	if err != nil {
		return err
	}
	slugs, err := a.demoNewsletters(ctx, siteURL)
	if err != nil {
		return err
	}
	handler, err := demo.Handler(site, demo.Options{
		URL: siteURL, VistkaURL: a.Config.BaseURL, Newsletters: slugs, Wordings: a.demoWordings(), Inbox: true,
		Catalog: a.Catalog, Files: a.files, Now: a.Clock.Now, Log: a.log, Fate: a.demoFate(slugs),
	})
	if err != nil {
		return err
	}
	if err := a.demoHotline(ctx); err != nil {
		return err
	}
	parts := newLifetimes(a.log)
	parts.start("example site", func(ctx context.Context) error { return serveHTTP(ctx, ln, handler, a.log) })
	defer parts.stop()
	if err := a.demoFeeds(ctx, siteURL, slugs); err != nil {
		return err
	}
	return a.Run(ctx, func(r Ready) {
		r.SiteURL = siteURL + "/"
		opened(r)
	})
}

// demoNewsletters makes the newsletters of the example site, one a language,
// translations of each other, unless they are there.
func (a *App) demoNewsletters(ctx context.Context, siteURL string) (map[string]string, error) {
	slugs := map[string]string{"uk": "checked-uk", "en": "checked-en"}
	for _, lang := range []string{"uk", "en"} {
		known, err := newsletter.BySlug(ctx, a.Pool, slugs[lang])
		if err == nil {
			if err := a.demoMoved(ctx, known, siteURL); err != nil {
				return nil, err
			}
			continue
		}
		if !errors.Is(err, newsletter.ErrNotFound) {
			return nil, err
		}
		l := a.Catalog.For(lang)
		n := newsletter.New()
		n.Slug, n.Language, n.Name, n.Description = slugs[lang], lang, l.T("demo.name"), l.T("demo.about")
		n.FromName, n.FromAddress = l.T("demo.name"), "news@checked.example"
		n.PostalAddress = l.T("demo.postal")
		n.SiteURL, n.Origins = siteURL+"/"+lang+"/", []string{siteURL}
		n.PrivacyURL = siteURL + demo.PrivacyPath(lang)
		n.Accent, n.Grace, n.Timezone = demoAccent, 0, "Europe/Kyiv"
		n.Thanks = map[string]string{"en": a.Catalog.For("en").T("demo.thanks"), "uk": a.Catalog.For("uk").T("demo.thanks")}
		family := ""
		if lang == "en" {
			family = slugs["uk"]
		}
		if _, err := newsletter.Add(ctx, a.Pool, n, family, a.Clock.Now()); err != nil {
			return nil, fmt.Errorf("add demo newsletter %s: %w", n.Slug, err)
		}
	}
	return slugs, nil
}

// demoWordings are what somebody copied with the forms from the admin pages on the
// first day. Whoever changes a newsletter since has a form with other words, as on
// any site.
func (a *App) demoWordings() map[string]string {
	versions := map[string]string{}
	for _, l := range a.Catalog.All() {
		n := newsletter.New()
		n.Name, n.PrivacyURL = l.T("demo.name"), demo.PrivacyPath(l.Code())
		versions[l.Code()] = subscriber.WordingVersion(subscriber.FormWording(l, n))
	}
	return versions
}

// demoMoved takes a newsletter of the example site along when the site is served
// at another address than before: --site-listen was given, or another one. Its feed
// follows in demoFeeds.
func (a *App) demoMoved(ctx context.Context, n newsletter.Newsletter, siteURL string) error {
	was, ours := strings.CutSuffix(n.SiteURL, "/"+n.Language+"/")
	if !ours || was == siteURL && n.PrivacyURL != "" { // the first demos had no such page
		return nil
	}
	if was != siteURL {
		a.log.InfoContext(ctx, "the example site has moved", "newsletter", n.Slug, "from", was, "to", siteURL)
	}
	n.SiteURL, n.PrivacyURL = siteURL+"/"+n.Language+"/", siteURL+demo.PrivacyPath(n.Language)
	n.Origins = append(slices.DeleteFunc(n.Origins, func(o string) bool { return o == was || o == siteURL }), siteURL)
	if _, err := newsletter.Update(ctx, a.Pool, n); err != nil {
		return fmt.Errorf("move demo newsletter %s: %w", n.Slug, err)
	}
	return nil
}

// demoFate looks the articles of the example site up in their newsletters.
func (a *App) demoFate(slugs map[string]string) func(ctx context.Context, lang, url string) (demo.Fate, error) {
	return func(ctx context.Context, lang, url string) (demo.Fate, error) {
		n, err := newsletter.BySlug(ctx, a.Pool, slugs[lang])
		if err != nil {
			return demo.Unseen, err
		}
		rows, _, err := article.List(ctx, a.Pool, article.Filter{NewsletterID: n.ID, Search: url})
		for _, row := range rows {
			switch {
			case row.URL != url: // another whose address begins like it
			case row.State == article.Held:
				return demo.Held, nil
			default:
				return demo.Taken, nil
			}
		}
		return demo.Unseen, err
	}
}

// demoHotline opens the example site's hotline, unless somebody has set it up.
func (a *App) demoHotline(ctx context.Context) error {
	set, err := a.Hotline.Settings(ctx)
	if err != nil || set.SavedAt != nil {
		return err
	}
	set.Open, set.Phone, set.Desk = true, demo.Phone, []string{"desk@checked.example"}
	set.Hours = map[string]string{"en": a.Catalog.For("en").T("demo.available"), "uk": a.Catalog.For("uk").T("demo.available")}
	return postgres.InTx(ctx, a.Pool, func(tx pgx.Tx) error { return a.Hotline.SaveSettings(ctx, tx, set) })
}

// demoFeeds adds each newsletter's feed, or takes it along to siteURL: articles are
// known by their ids, so those that it shows get new addresses and are not news.
func (a *App) demoFeeds(ctx context.Context, siteURL string, slugs map[string]string) error {
	for lang, slug := range slugs {
		n, err := newsletter.BySlug(ctx, a.Pool, slug)
		if err != nil {
			return err
		}
		feeds, err := article.ListFeeds(ctx, a.Pool, n.ID)
		if err != nil {
			return err
		}
		path := "/" + lang + "/feed.xml"
		there := func(f article.FeedRow) bool { return f.URL == siteURL+path }
		moved := slices.IndexFunc(feeds, func(f article.FeedRow) bool { return !there(f) && strings.HasSuffix(f.URL, path) })
		switch {
		case len(feeds) == 0:
			_, err = a.Articles.AddFeed(ctx, n.ID, siteURL+path)
		case moved >= 0 && !slices.ContainsFunc(feeds, there):
			if err = a.Articles.MoveFeed(ctx, feeds[moved].ID, siteURL+path); err == nil {
				_, err = a.Articles.Poll(ctx, feeds[moved].ID)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
