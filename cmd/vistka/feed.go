package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vistka/internal/app"
	"vistka/internal/article"
	"vistka/internal/feed"
	"vistka/internal/locale"
	"vistka/internal/newsletter"
)

type feedCommand struct {
	Add   feedAddCommand   `cmd:"" help:"Add a feed to a newsletter; what is in it now is known, not news."`
	List  feedListCommand  `cmd:"" help:"List the feeds and how they are."`
	Check feedCheckCommand `cmd:"" help:"Show what each entry of a feed would become. Changes nothing."`
	Poll  feedPollCommand  `cmd:"" help:"Read feeds now and release what is due."`
}

type feedAddCommand struct {
	Newsletter string `required:"" help:"Slug of the newsletter."`
	URL        string `arg:"" help:"Address of the feed, or of the site."`
	JSON       bool   `name:"json" help:"As JSON."`
}

// Run adds the feed and reads it once.
func (c feedAddCommand) Run(ctx context.Context, s *session) error {
	return s.withNewsletter(ctx, c.Newsletter, func(a *app.App, n newsletter.Newsletter) error {
		if n.ArchivedAt != nil {
			return fmt.Errorf("newsletter %q is archived: nothing would be mailed", n.Slug)
		}
		added, err := a.Articles.AddFeed(ctx, n.ID, c.URL)
		if err != nil {
			return inWords(a, err)
		}
		if err := note(ctx, a, a.Pool, "feed.add", fmt.Sprintf("feed %d", added.FeedID), map[string]any{"newsletter": n.ID}); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, shownAdded{added, shownPoll{added.Poll, english(a, added.Poll.Problem)}})
		}
		if added.Already {
			fmt.Fprintf(s.out, "%s reads %s (%s) already; nothing was changed.\n", n.Name, added.URL, added.Title)
			return nil
		}
		fmt.Fprintf(s.out, "Added %s (%s). Known already and not mailed: %d. From now on new articles go to %s.\n", added.URL, added.Title, added.Poll.Baseline, n.Name)
		return nil
	})
}

type feedListCommand struct {
	Newsletter string `help:"Slug of one newsletter; all without it."`
	JSON       bool   `name:"json" help:"As JSON."`
}

// Run lists feeds and how they are.
func (c feedListCommand) Run(ctx context.Context, s *session) error {
	return s.withFeeds(ctx, c.Newsletter, func(a *app.App, feeds []article.FeedRow, names map[int64]string) error {
		if c.JSON {
			shown := make([]shownFeed, len(feeds))
			for i, f := range feeds {
				shown[i] = shownFeed{f, english(a, f.Problem), english(a, f.Warning)}
			}
			return printJSON(s.out, shown)
		}
		rows := make([][]any, len(feeds))
		for i, f := range feeds {
			read := "never"
			if f.GoodAt != nil {
				read = f.GoodAt.UTC().Format(time.DateTime)
			}
			rows[i] = []any{names[f.NewsletterID], f.URL, f.State, f.Entries, read, english(a, f.Problem)}
		}
		return printTable(s.out, []any{"NEWSLETTER", "URL", "STATE", "ENTRIES", "LAST READ (UTC)", "PROBLEM"}, rows)
	})
}

type feedCheckCommand struct {
	Newsletter string `required:"" help:"Slug of the newsletter."`
	URL        string `arg:"" help:"Address of the feed, or of the site."`
	JSON       bool   `name:"json" help:"As JSON."`
}

// Run shows what would become of each entry.
func (c feedCheckCommand) Run(ctx context.Context, s *session) error {
	return s.withNewsletter(ctx, c.Newsletter, func(a *app.App, n newsletter.Newsletter) error {
		check, err := a.Articles.CheckFeed(ctx, n.ID, c.URL)
		if err != nil {
			return inWords(a, err)
		}
		if c.JSON {
			return printJSON(s.out, showCheck(a, check))
		}
		rows := make([][]any, len(check.Verdicts))
		for i, v := range check.Verdicts {
			rows[i] = []any{v.State, v.Title, english(a, &v.Reason)}
		}
		for _, remark := range check.Remarks {
			defer fmt.Fprintln(s.out, "!", english(a, &remark))
		}
		fmt.Fprintf(s.out, "%s — %s\n\n", check.Title, check.URL)
		return printTable(s.out, []any{"WOULD BE", "TITLE", "WHY"}, rows)
	})
}

type feedPollCommand struct {
	Newsletter string `help:"Slug of one newsletter; all without it."`
	JSON       bool   `name:"json" help:"As JSON."`
}

// Run reads each feed now, once however many newsletters take from it, and says
// of those that are not polled why.
func (c feedPollCommand) Run(ctx context.Context, s *session) error {
	return s.withFeeds(ctx, c.Newsletter, func(a *app.App, feeds []article.FeedRow, _ map[int64]string) error {
		var results []shownPoll
		var rows [][]any
		read := map[int64]bool{}
		for _, f := range feeds {
			if read[f.ID] {
				continue
			}
			read[f.ID] = true
			r, err := a.Articles.PollNow(ctx, f.ID)
			words := english(a, r.Problem)
			if errors.Is(err, article.ErrNotActive) {
				r, words, err = article.PollResult{FeedID: f.ID}, notPolled(f.State), nil
			}
			if err != nil {
				return err
			}
			results = append(results, shownPoll{r, words})
			if r.NotModified {
				words = "nothing changed since the last time"
			}
			rows = append(rows, []any{f.URL, r.Entries, r.New, r.Held, r.Known, words})
		}
		if c.JSON {
			return printJSON(s.out, results)
		}
		return printTable(s.out, []any{"FEED", "ENTRIES", "NEW", "HELD", "KNOWN", "REMARK"}, rows)
	})
}

// notPolled says why a feed in this state was left out, and what to do.
func notPolled(state string) string {
	if state == "gone" {
		return "not read: the site says it is gone for good. Add the new address, or resume it on the page Feeds"
	}
	return "not read: it is paused. Resume it on the page Feeds"
}

// inWords is what a person can do about a feed that cannot be read.
func inWords(a *app.App, err error) error {
	if wrong, ok := errors.AsType[*feed.Error](err); ok {
		return fmt.Errorf("%s: %s", wrong.URL, english(a, &wrong.Words))
	}
	return err
}

// Feeds and what was read of them, with sentences in English where the tables have their keys.
type (
	shownFeed struct {
		article.FeedRow
		Problem, Warning string
	}
	shownPoll struct {
		article.PollResult
		Problem string
	}
	shownAdded struct {
		article.AddResult
		Poll shownPoll
	}
	shownCheck struct {
		article.Check
		Verdicts []shownVerdict
		Remarks  []string
	}
	shownVerdict struct {
		article.Verdict
		Reason string
	}
)

func showCheck(a *app.App, c article.Check) shownCheck {
	out := shownCheck{Check: c}
	for _, v := range c.Verdicts {
		out.Verdicts = append(out.Verdicts, shownVerdict{v, english(a, &v.Reason)})
	}
	for _, remark := range c.Remarks {
		out.Remarks = append(out.Remarks, english(a, &remark))
	}
	return out
}

// english is m as the command line says it; "" for none.
func english(a *app.App, m *locale.Message) string {
	if m == nil {
		return ""
	}
	return a.Catalog.For("en").Say(*m)
}

// withFeeds opens the application and lists the feeds of one newsletter, or of
// all if slug is empty, with the newsletters' slugs by id.
func (s *session) withFeeds(ctx context.Context, slug string, f func(a *app.App, feeds []article.FeedRow, names map[int64]string) error) error {
	return s.attach(ctx, func(a *app.App) error {
		all, err := newsletter.List(ctx, a.Pool)
		if err != nil {
			return err
		}
		names, id := map[int64]string{}, int64(0)
		for _, n := range all {
			names[n.ID] = n.Slug
			if n.Slug == slug {
				id = n.ID
			}
		}
		if slug != "" && id == 0 {
			return unknownNewsletter(slug, newsletter.ErrNotFound)
		}
		feeds, err := article.ListFeeds(ctx, a.Pool, id)
		if err != nil {
			return err
		}
		return f(a, feeds, names)
	})
}

func unknownNewsletter(slug string, err error) error {
	if errors.Is(err, newsletter.ErrNotFound) {
		return fmt.Errorf("there is no newsletter %q; vistka newsletter list shows which there are", slug)
	}
	return err
}

// withNewsletter opens the application and looks the newsletter up.
func (s *session) withNewsletter(ctx context.Context, slug string, f func(a *app.App, n newsletter.Newsletter) error) error {
	return s.attach(ctx, func(a *app.App) error {
		n, err := newsletter.BySlug(ctx, a.Pool, slug)
		if err != nil {
			return unknownNewsletter(slug, err)
		}
		return f(a, n)
	})
}
