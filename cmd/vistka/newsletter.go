package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/app"
	"vistka/internal/newsletter"
	"vistka/internal/postgres"
)

type newsletterCommand struct {
	Add  newsletterAddCommand  `cmd:"" help:"Add a newsletter."`
	List newsletterListCommand `cmd:"" help:"List the newsletters."`
}

type newsletterAddCommand struct {
	Slug           string            `required:"" help:"Its name in addresses: letters, digits, hyphens."`
	Name           string            `required:"" help:"Its name as readers see it."`
	Language       string            `required:"" help:"Language of its articles: uk, en."`
	FromName       string            `required:"" help:"Sender's name."`
	FromAddress    string            `required:"" help:"Sender's address."`
	ReplyTo        string            `help:"Where answers go."`
	PostalAddress  string            `help:"Postal address shown in each mail; needed before a relay that is not on loopback."`
	Description    string            `help:"What comes and how often, shown beside the form."`
	SiteURL        string            `name:"site-url" help:"The website's address."`
	PrivacyURL     string            `name:"privacy-url" help:"The privacy notice's address."`
	Origin         []string          `help:"A site whose forms and return addresses are trusted, like https://www.example.org; may be repeated."`
	DefaultCadence string            `default:"instant" enum:"instant,daily,weekly,monthly" help:"instant, daily, weekly or monthly."`
	Grace          time.Duration     `default:"10m" help:"How long a new article waits before it is mailed."`
	Wait           time.Duration     `default:"12h" help:"How long a reader of two languages waits for a story in the preferred one."`
	Timezone       string            `default:"UTC" help:"IANA name of the readers' time zone, like Europe/Kyiv."`
	Hour           int16             `default:"8" help:"Local hour of digests."`
	Accent         string            `help:"Colour of links and buttons, like #1f3a68."`
	Thanks         map[string]string `mapsep:"none" help:"Heading of the page after confirming, by language, like uk=Дякуємо!; may be repeated."`
	Family         string            `help:"Slug of the newsletter that this one translates."`
	JSON           bool              `name:"json" help:"As JSON."`
}

// Run adds the newsletter, or says which flags do not do and why.
func (c newsletterAddCommand) Run(ctx context.Context, s *session) error {
	return s.attach(ctx, func(a *app.App) error {
		n := newsletter.New()
		n.Slug, n.Name, n.Language, n.Description = c.Slug, c.Name, c.Language, c.Description
		n.FromName, n.FromAddress, n.ReplyTo, n.PostalAddress = c.FromName, c.FromAddress, c.ReplyTo, c.PostalAddress
		n.SiteURL, n.PrivacyURL, n.Origins = c.SiteURL, c.PrivacyURL, c.Origin
		n.DefaultCadence, n.Grace, n.Wait, n.Timezone, n.Hour = c.DefaultCadence, c.Grace, c.Wait, c.Timezone, c.Hour
		n.Thanks = c.Thanks
		if c.Accent != "" {
			n.Accent = c.Accent
		}
		if complaints := n.CheckPostalAddress(a.RelaysOnLoopback()); complaints != nil {
			return flagErrors(a, complaints)
		}
		if err := knownLanguage(a, n.Language); err != nil {
			return err
		}
		var added newsletter.Newsletter
		err := postgres.InTx(ctx, a.Pool, func(tx pgx.Tx) (err error) {
			if added, err = newsletter.Add(ctx, tx, n, c.Family, a.Clock.Now()); err != nil {
				return err
			}
			return note(ctx, a, tx, "newsletter.add", fmt.Sprintf("newsletter %d", added.ID), nil)
		})
		var complaints newsletter.FieldErrors
		if errors.As(err, &complaints) {
			return flagErrors(a, complaints)
		}
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, newsletterAsJSON(added))
		}
		fmt.Fprintf(s.out, "Added %s. Its sign-up page: %s/n/%s\nNext: vistka feed add --newsletter %s URL\n", added.Name, a.Config.BaseURL, added.Slug, added.Slug)
		return nil
	})
}

// knownLanguage complains of a language that the pages and mails have no words in.
func knownLanguage(a *app.App, code string) error {
	if !a.Catalog.Has(code) {
		return fmt.Errorf("--language: %q is unknown; the languages are %s", code, strings.Join(a.Catalog.Codes(), ", "))
	}
	return nil
}

// flagErrors puts complaints about fields in terms of flags.
func flagErrors(a *app.App, complaints newsletter.FieldErrors) error {
	var lines []string
	for field, key := range complaints {
		flag := strings.ReplaceAll(field, "_", "-")
		switch {
		case field == "origins":
			flag = "origin" // repeated, one each
		case strings.HasPrefix(field, newsletter.ThanksField):
			flag = "thanks " + strings.TrimPrefix(field, newsletter.ThanksField)
		}
		lines = append(lines, fmt.Sprintf("--%s: %s", flag, a.Catalog.For("en").T(key)))
	}
	slices.Sort(lines)
	return errors.New(strings.Join(lines, "\n        "))
}

type newsletterListCommand struct {
	JSON bool `name:"json" help:"As JSON."`
}

// Run lists the newsletters.
func (c newsletterListCommand) Run(ctx context.Context, s *session) error {
	return s.attach(ctx, func(a *app.App) error {
		all, err := newsletter.List(ctx, a.Pool)
		if err != nil {
			return err
		}
		if c.JSON {
			shown := make([]jsonNewsletter, len(all))
			for i, n := range all {
				shown[i] = newsletterAsJSON(n)
			}
			return printJSON(s.out, shown)
		}
		rows := make([][]any, len(all))
		for i, n := range all {
			rows[i] = []any{n.Slug, newsletterState(n), n.Name, n.Language, n.DefaultCadence, n.FromAddress, n.LastSeq}
		}
		return printTable(s.out, []any{"SLUG", "STATE", "NAME", "LANGUAGE", "CADENCE", "FROM", "ARTICLES MAILED"}, rows)
	})
}

func newsletterState(n newsletter.Newsletter) string {
	if n.ArchivedAt != nil {
		return archived
	}
	return "active"
}
