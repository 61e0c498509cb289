package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"vistka/internal/app"
	"vistka/internal/delivery"
	"vistka/internal/edition"
)

type editionShowCommand struct {
	ID    editionNumber `arg:"" help:"Number of the edition."`
	Watch bool          `help:"Stay and show how it goes out, until nothing of it waits."`
	JSON  bool          `name:"json" help:"As JSON."`
}

// shownEdition is an edition with all that its page tells.
type shownEdition struct {
	edition.Progress
	Reason     string // in English
	Newsletter string // its slug
	HoldUps    []delivery.HoldUp
}

// Run shows one edition.
func (c editionShowCommand) Run(ctx context.Context, s *session) error {
	return s.attach(ctx, func(a *app.App) error {
		e, err := showEdition(ctx, a, int64(c.ID))
		if err == nil && c.Watch {
			e, err = s.watchEdition(ctx, a, e)
		}
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, progressAsJSON(e))
		}
		return s.printEdition(a, e)
	})
}

func showEdition(ctx context.Context, a *app.App, id int64) (shownEdition, error) {
	p, err := a.Editions.Progress(ctx, id)
	if err != nil {
		return shownEdition{}, editionError(id, err)
	}
	all, err := countEditions(ctx, a, []edition.Edition{p.Edition})
	if err != nil {
		return shownEdition{}, err
	}
	e := shownEdition{Progress: p, Reason: all[0].Reason, Newsletter: all[0].Newsletter}
	if p.State == "open" && p.Moving() {
		e.HoldUps, err = a.Deliveries.HoldUps(ctx, id)
	}
	return e, err
}

// deliveryStates are the states of a delivery in the order they are shown.
var deliveryStates = []string{"sent", "failed", "skipped", "cancelled", "in doubt", "sending", "deferred", "queued"}

func (s *session) printEdition(a *app.App, e shownEdition) error {
	fmt.Fprintf(s.out, "Edition %d of %s: %s\n", e.ID, e.Newsletter, editionState(a, e.State))
	line := func(name, format string, args ...any) {
		fmt.Fprintf(s.out, "  %-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	if e.Reason != "" {
		line("reason", "%s", e.Reason)
	}
	line("kind", "%s, %s", e.Kind, e.Locale)
	line("slot", "%s", utc(e.Slot))
	if until := e.OwedUntil(); until != nil {
		line("owed", "what was not sent is mailed after all on %s", utc(*until))
	}
	line("articles", "%d", len(e.ArticleIDs))
	var counts []string
	for _, state := range deliveryStates {
		if n := e.Counts[state]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, state))
		}
	}
	line("readers", "%d: %s", e.Counts.Total(), strings.Join(counts, ", "))
	if e.DroppedAt != nil {
		line("kept", "only these totals: what each reader got was deleted on %s", utc(*e.DroppedAt))
	}
	if words := e.words(a); words != "" {
		line("now", "%s", words)
	}
	return nil
}

// words say how it goes out and what holds it up.
func (e shownEdition) words(a *app.App) string {
	l := a.Catalog.For("en")
	var out []string
	if words := e.Say(l); words != "" {
		out = append(out, words)
	}
	if e.State == "paused" {
		out = append(out, l.T("admin.edition.paused_means"))
	}
	for _, h := range e.HoldUps {
		when := ""
		if h.Until != nil {
			when = "at " + utc(*h.Until)
		}
		words := h.Say(l, when)
		if h.Words != "" {
			words += " It said: " + h.Words
		}
		out = append(out, words)
	}
	return strings.Join(out, " ")
}

func utc(t time.Time) string { return t.UTC().Format(time.DateTime) + " UTC" }

// watchPace is how often a watched edition is asked about.
const watchPace = time.Second

// watchEdition draws a bar on a terminal, elsewhere a line for each step of
// progress, until nothing of the edition waits or the person goes away.
func (s *session) watchEdition(ctx context.Context, a *app.App, e shownEdition) (shownEdition, error) {
	bar := s.progress(e.Counts.Total(), fmt.Sprintf("edition %d", e.ID))
	tick := time.NewTicker(watchPace)
	defer tick.Stop()
	for said := ""; e.Moving(); {
		bar.ChangeMax64(e.Counts.Total())
		_ = bar.Set64(e.Counts.Settled())
		words := e.words(a)
		if !s.terminal() {
			words = strings.TrimSpace(fmt.Sprintf("%d of %d. %s", e.Counts.Settled(), e.Counts.Total(), words))
		} else if e.Rate > 0 && len(e.HoldUps) == 0 {
			words = "" // the bar says it
		}
		if words != said {
			_ = bar.Clear()
			if said = words; words != "" {
				fmt.Fprintln(s.err, words)
			}
		}
		select {
		case <-ctx.Done():
			_ = bar.Exit()
			return e, nil
		case <-tick.C:
		}
		next, err := showEdition(ctx, a, e.ID)
		if ctx.Err() == nil && err != nil {
			return e, err
		}
		if err == nil {
			e = next
		}
	}
	_ = bar.Finish()
	if s.terminal() {
		fmt.Fprintln(s.err)
	}
	return e, nil
}
