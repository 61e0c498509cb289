package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vistka/internal/app"
	"vistka/internal/delivery"
	"vistka/internal/postgres"
)

type doubtCommand struct {
	List  doubtListCommand  `cmd:"" help:"List the mails in doubt, those that wait for a person first."`
	Again doubtAgainCommand `cmd:"" help:"Send a mail that is held in doubt once more: the same message, which most mailboxes show once."`
	Sent  doubtSentCommand  `cmd:"" help:"Count a mail that is held in doubt as sent."`
}

type doubtListCommand struct {
	Limit howMany `default:"200" help:"How many at most."`
	JSON  bool    `name:"json" help:"As JSON."`
}

// Run lists the mails in doubt.
func (c doubtListCommand) Run(ctx context.Context, s *session) error {
	return s.attach(ctx, func(a *app.App) error {
		list, err := a.Deliveries.InDoubt(ctx, int(c.Limit))
		if err != nil {
			return err
		}
		all, rows := make([]jsonDoubt, len(list)), make([][]any, len(list))
		for i, d := range list {
			all[i] = doubtAsJSON(d)
			rows[i] = []any{all[i].Ref, d.Address, d.Newsletter, whatNext(d), d.Reply}
		}
		if c.JSON {
			return printJSON(s.out, all)
		}
		return printTable(s.out, []any{"MAIL", "ADDRESS", "NEWSLETTER", "WHAT NEXT", "THE RELAY'S WORDS"}, rows)
	})
}

func whatNext(d delivery.Doubt) string {
	switch {
	case d.DueAt != nil && d.Paused():
		return "sent again once the edition is resumed"
	case d.DueAt != nil:
		return "sent again at " + utc(*d.DueAt)
	case d.Stopped():
		return "waits for you; its edition was stopped: sent"
	}
	return "waits for you: again, or sent"
}

type doubtAgainCommand struct {
	Mail string `arg:"" help:"What vistka doubt list calls it."`
	JSON bool   `name:"json" help:"As JSON."`
}

// Run has the mail sent once more.
func (c doubtAgainCommand) Run(ctx context.Context, s *session) error {
	return s.decide(ctx, c.Mail, true, c.JSON)
}

type doubtSentCommand struct {
	Mail string `arg:"" help:"What vistka doubt list calls it."`
	JSON bool   `name:"json" help:"As JSON."`
}

// Run counts the mail as sent.
func (c doubtSentCommand) Run(ctx context.Context, s *session) error {
	return s.decide(ctx, c.Mail, false, c.JSON)
}

func (s *session) decide(ctx context.Context, ref string, again, asJSON bool) error {
	k, err := delivery.ParseKey(ref)
	if err != nil {
		return fmt.Errorf("%q names no mail; vistka doubt list shows which are in doubt", ref)
	}
	decision, words := "sent", "It counts as sent.\n"
	if again {
		decision, words = "again", "It is sent once more.\n"
	}
	return s.attach(ctx, func(a *app.App) error {
		err := postgres.InTx(ctx, a.Pool, func(tx pgx.Tx) error {
			if err := a.Deliveries.Decide(ctx, tx, k, again); err != nil {
				return err
			}
			return note(ctx, a, tx, "delivery."+decision, "delivery "+ref, nil)
		})
		switch {
		case errors.Is(err, delivery.ErrNotFound):
			return fmt.Errorf("%s is not held in doubt, so nothing was changed; vistka doubt list shows which are", ref)
		case errors.Is(err, delivery.ErrStopped):
			return fmt.Errorf("the edition of %s was cancelled or expired, so it cannot be sent again; count it as sent: vistka doubt sent %s", ref, ref)
		case err != nil:
			return err
		}
		return s.say(asJSON, jsonDecision{ref, decision}, "%s", words)
	})
}
