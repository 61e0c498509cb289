package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
			return printJSON(s.out, jsonAdded{added.FeedID, added.URL, added.Title, added.Already, pollAsJSON(added.Poll, english(a, added.Poll.Problem))})
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
	return s.withFeeds(ctx, c.Newsletter, func(a *app.App, feeds []article.FeedRow, newsletters map[int64]newsletter.Newsletter) error {
		if c.JSON {
			shown := make([]jsonFeed, len(feeds))
			for i, f := range feeds {
				shown[i] = feedAsJSON(a, f, newsletters[f.NewsletterID])
			}
			return printJSON(s.out, shown)
		}
		rows := make([][]any, len(feeds))
		for i, f := range feeds {
			read := "never"
			if f.GoodAt != nil {
				read = f.GoodAt.UTC().Format(time.DateTime)
			}
			n := newsletters[f.NewsletterID]
			rows[i] = []any{n.Slug, f.URL, feedState(f, n), f.Entries, read, english(a, f.Problem)}
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
			return printJSON(s.out, checkAsJSON(a, check))
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
	return s.withFeeds(ctx, c.Newsletter, func(a *app.App, feeds []article.FeedRow, newsletters map[int64]newsletter.Newsletter) error {
		results := []jsonPoll{}
		var rows [][]any
		read := map[int64]bool{}
		for _, f := range feeds {
			state := feedState(f, newsletters[f.NewsletterID])
			if read[f.ID] || state == archived && readByOthers(f, feeds, newsletters) {
				continue
			}
			read[f.ID] = true
			r, words := article.PollResult{FeedID: f.ID}, notPolled(state)
			if state != archived {
				switch polled, err := a.Articles.PollNow(ctx, f.ID); {
				case err == nil:
					r, words = polled, english(a, polled.Problem)
				case !errors.Is(err, article.ErrNotActive):
					return err
				}
			}
			results = append(results, pollAsJSON(r, words))
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

// archived is the state of a feed for a newsletter that is.
const archived = "archived"

// feedState is the state of a feed for one of its newsletters: for an archived
// one it is not read.
func feedState(f article.FeedRow, n newsletter.Newsletter) string {
	if n.ArchivedAt != nil {
		return archived
	}
	return f.State
}

// readByOthers says whether a newsletter that is not archived takes from the feed.
func readByOthers(f article.FeedRow, feeds []article.FeedRow, newsletters map[int64]newsletter.Newsletter) bool {
	return slices.ContainsFunc(feeds, func(other article.FeedRow) bool {
		return other.ID == f.ID && newsletters[other.NewsletterID].ArchivedAt == nil
	})
}

// notPolled says why a feed in this state was left out, and what to do.
func notPolled(state string) string {
	switch state {
	case "gone":
		return "not read: the site says it is gone for good. Add the new address, or resume it on the page Feeds"
	case archived:
		return "not read: its newsletter is archived"
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

// english is m as the command line says it; "" for none.
func english(a *app.App, m *locale.Message) string {
	if m == nil {
		return ""
	}
	return a.Catalog.For("en").Say(*m)
}

// withFeeds opens the application and lists the feeds of one newsletter, or of
// all if slug is empty, with the newsletters by id.
func (s *session) withFeeds(ctx context.Context, slug string, f func(a *app.App, feeds []article.FeedRow, newsletters map[int64]newsletter.Newsletter) error) error {
	return s.attach(ctx, func(a *app.App) error {
		all, err := newsletter.List(ctx, a.Pool)
		if err != nil {
			return err
		}
		newsletters, id := map[int64]newsletter.Newsletter{}, int64(0)
		for _, n := range all {
			newsletters[n.ID] = n
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
		return f(a, feeds, newsletters)
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
