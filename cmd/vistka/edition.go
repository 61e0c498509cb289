package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/app"
	"vistka/internal/edition"
	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/postgres"
)

type editionCommand struct {
	List   editionListCommand   `cmd:"" help:"List the editions, the newest first."`
	Show   editionShowCommand   `cmd:"" help:"Show one edition and where its mails are."`
	Pause  editionPauseCommand  `cmd:"" help:"Stop an edition before its next mail."`
	Resume editionResumeCommand `cmd:"" help:"Let a paused edition go on where it stopped; one that became too old expires instead."`
	Cancel editionCancelCommand `cmd:"" help:"Take back what has not left; its readers get those articles later, in another edition."`
	Retry  editionRetryCommand  `cmd:"" help:"Try the failed mails of an edition once more, for readers who still want them."`
}

// listedEdition is an edition as it is printed: with its deliveries counted.
type listedEdition struct {
	edition.Edition
	Reason     string // in English
	Newsletter string // its slug
	Counts     edition.Counts
}

type editionListCommand struct {
	Newsletter string         `help:"Slug of one newsletter; all without it."`
	State      stateOfEdition `help:"open (going out), paused, cancelled, expired or settled (done); all without it."`
	Limit      howMany        `default:"20" help:"How many at most."`
	JSON       bool           `name:"json" help:"As JSON."`
}

type stateOfEdition string

// Validate is called by kong.
func (s stateOfEdition) Validate() error {
	return oneOf(string(s), "open", "paused", "cancelled", "expired", "settled")
}

// Run lists the editions.
func (c editionListCommand) Run(ctx context.Context, s *session) error {
	return s.attach(ctx, func(a *app.App) error {
		filter := edition.Filter{State: string(c.State), Limit: int(c.Limit)}
		if c.Newsletter != "" {
			n, err := newsletter.BySlug(ctx, a.Pool, c.Newsletter)
			if err != nil {
				return unknownNewsletter(c.Newsletter, err)
			}
			filter.NewsletterID = n.ID
		}
		list, _, err := a.Editions.List(ctx, filter)
		if err != nil {
			return err
		}
		all, err := countEditions(ctx, a, list)
		if err != nil {
			return err
		}
		if c.JSON {
			shown := make([]jsonEdition, len(all))
			for i, e := range all {
				shown[i] = editionAsJSON(e)
			}
			return printJSON(s.out, shown)
		}
		rows := make([][]any, len(all))
		for i, e := range all {
			rows[i] = []any{
				e.ID, e.Newsletter, e.Kind, e.Locale, e.Slot.UTC().Format(time.DateTime), editionState(a, e.State), e.Counts.Total(), e.Counts["sent"],
				e.Counts["failed"], fmt.Sprintf("%d%%", e.Counts.Percent()), e.Reason,
			}
		}
		return printTable(s.out, []any{"ID", "NEWSLETTER", "KIND", "LANGUAGE", "SLOT (UTC)", "STATE", "READERS", "SENT", "FAILED", "PROGRESS", "REASON"}, rows)
	})
}

func countEditions(ctx context.Context, a *app.App, list []edition.Edition) ([]listedEdition, error) {
	newsletters, err := newsletter.List(ctx, a.Pool)
	if err != nil {
		return nil, err
	}
	slugs := map[int64]string{}
	for _, n := range newsletters {
		slugs[n.ID] = n.Slug
	}
	ids := make([]int64, len(list))
	for i, e := range list {
		ids[i] = e.ID
	}
	counts, err := a.Editions.Counts(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]listedEdition, len(list))
	for i, e := range list {
		out[i] = listedEdition{e, english(a, e.Reason), slugs[e.NewsletterID], counts[e.ID]}
	}
	return out, nil
}

// editionState is the state in the admin pages' word.
func editionState(a *app.App, state string) string {
	return strings.ToLower(a.Catalog.For("en").T("admin.state.edition." + state))
}

type editionPauseCommand struct {
	ID     editionNumber `arg:"" help:"Number of the edition."`
	Reason string        `help:"Why, for the others."`
	JSON   bool          `name:"json" help:"As JSON."`
}

// Run pauses the edition.
func (c editionPauseCommand) Run(ctx context.Context, s *session) error {
	return s.actEdition(ctx, "pause", c.ID, c.JSON, func(a *app.App, editions *edition.Service) (string, error) {
		return "Paused before the next mail.", editions.Pause(ctx, int64(c.ID), whyEdition(c.Reason))
	})
}

type editionResumeCommand struct {
	ID   editionNumber `arg:"" help:"Number of the edition."`
	JSON bool          `name:"json" help:"As JSON."`
}

// Run resumes the edition.
func (c editionResumeCommand) Run(ctx context.Context, s *session) error {
	return s.actEdition(ctx, "resume", c.ID, c.JSON, func(a *app.App, editions *edition.Service) (string, error) {
		e, err := editions.Resume(ctx, int64(c.ID))
		if e.State == "expired" {
			if until := e.OwedUntil(); until != nil {
				return fmt.Sprintf("It was too old to go out as it is. Its articles go out in its readers' next edition, from %s.", utc(*until)), nil
			}
			return "It was too old to go out. " + notOwed, nil
		}
		return "Resumed where it stopped.", err
	})
}

type editionCancelCommand struct {
	ID       editionNumber `arg:"" help:"Number of the edition."`
	ResumeAt time.Time     `help:"When its readers get those articles after all, like 2026-12-01T08:00:00+02:00; a day from now without it. To never mail an article, withdraw it in the admin pages."`
	Reason   string        `help:"Why, for the others."`
	JSON     bool          `name:"json" help:"As JSON."`
}

// Run cancels what has not left.
func (c editionCancelCommand) Run(ctx context.Context, s *session) error {
	return s.actEdition(ctx, "cancel", c.ID, c.JSON, func(a *app.App, editions *edition.Service) (string, error) {
		now := a.Clock.Now()
		until := c.ResumeAt
		if until.IsZero() {
			until = now.Add(edition.DefaultCancelWait)
		}
		if until.Before(now) {
			return "", refusal(fmt.Sprintf("--resume-at: %s is past; now it is %s", until.Format(time.RFC3339), now.In(until.Location()).Format(time.RFC3339)))
		}
		readers, err := editions.Cancel(ctx, int64(c.ID), until, whyEdition(c.Reason))
		if readers == 0 {
			return "Cancelled. Nothing of it waited any more, so nothing was taken back.", err
		}
		if err != nil {
			return "", err
		}
		e, err := editions.Get(ctx, int64(c.ID))
		if owed := e.OwedUntil(); owed != nil {
			return fmt.Sprintf("Cancelled. Mails taken back: %d; their articles go out on %s.", readers, utc(*owed)), err
		}
		return fmt.Sprintf("Cancelled. Mails taken back: %d. %s", readers, notOwed), err
	})
}

// notOwed is said of a correction that does not go out.
const notOwed = "Nobody else gets this correction."

type editionRetryCommand struct {
	ID   editionNumber `arg:"" help:"Number of the edition."`
	JSON bool          `name:"json" help:"As JSON."`
}

// Run owes what failed again to its readers.
func (c editionRetryCommand) Run(ctx context.Context, s *session) error {
	return s.actEdition(ctx, "retry", c.ID, c.JSON, func(a *app.App, editions *edition.Service) (string, error) {
		readers, err := editions.Retry(ctx, int64(c.ID))
		if readers == 0 {
			return "Nothing failed that could be tried again.", err
		}
		return fmt.Sprintf("Readers who get it once more: %d.", readers), err
	})
}

// actEdition does something to an edition, leaves it in the trail with it, and
// says how the edition is now.
func (s *session) actEdition(ctx context.Context, name string, number editionNumber, asJSON bool, act func(a *app.App, editions *edition.Service) (string, error)) error {
	id := int64(number)
	return s.attach(ctx, func(a *app.App) error {
		var words string
		err := postgres.InTx(ctx, a.Pool, func(tx pgx.Tx) (err error) {
			if words, err = act(a, a.Editions.Within(tx)); err != nil {
				return err
			}
			return note(ctx, a, tx, "edition."+name, fmt.Sprintf("edition %d", id), nil)
		})
		if errors.Is(err, edition.ErrState) {
			e, err := a.Editions.Get(ctx, id)
			if err != nil {
				return err
			}
			return notNow(e, a.Clock.Now())
		}
		if no, ok := errors.AsType[refusal](err); ok {
			return no
		}
		if err != nil {
			return editionError(id, err)
		}
		e, err := showEdition(ctx, a, id)
		if err != nil {
			return err
		}
		return s.say(asJSON, progressAsJSON(e), "%s\n", words)
	})
}

// refusal is an error in words for a person, who needs none of what it is
// wrapped in.
type refusal string

func (r refusal) Error() string { return string(r) }

// notNow is why an edition that is so does not do what it was told.
func notNow(e edition.Edition, now time.Time) error {
	switch e.State {
	case "paused":
		return fmt.Errorf("edition %d is paused already; go on with vistka edition resume %d, or take it back with vistka edition cancel %d", e.ID, e.ID, e.ID)
	case "open":
		return fmt.Errorf("edition %d is going out and is not paused, so there is nothing to resume", e.ID)
	case "settled":
		return fmt.Errorf("edition %d is done and is not paused, so there is nothing to resume; vistka edition show %d tells what became of its mails", e.ID, e.ID)
	}
	why := "was cancelled"
	if e.State == "expired" {
		why = "expired, because it took too long to go out"
	}
	next := "what was not sent went into another edition"
	switch until := e.OwedUntil(); {
	case e.Kind == edition.Correction:
		next = "nobody else gets this correction"
	case until != nil && until.After(now):
		next = "what was not sent goes out in another one on " + utc(*until)
	}
	return fmt.Errorf("edition %d %s, and nothing of it goes out any more; %s", e.ID, why, next)
}

// whyEdition is the reason of an act, said or not.
func whyEdition(words string) locale.Message {
	if words == "" {
		return locale.Message{Key: "edition.reason.command_line"}
	}
	return locale.Message{Key: "reason.words", Name: words}
}

func editionError(id int64, err error) error {
	if errors.Is(err, edition.ErrNotFound) {
		return fmt.Errorf("there is no edition %d; vistka edition list shows which there are", id)
	}
	return err
}
