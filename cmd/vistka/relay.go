package main

import (
	"context"
	"time"

	"vistka/internal/app"
)

type relayCommand struct {
	List relayListCommand `cmd:"" help:"List the relays: whether they take mail, who sends through them, what is wrong since when."`
}

type relayListCommand struct {
	JSON bool `name:"json" help:"As JSON."`
}

// Run lists the relays.
func (c relayListCommand) Run(ctx context.Context, s *session) error {
	return s.attach(ctx, func(a *app.App) error {
		relays, err := a.Deliveries.RelayStates(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			shown := make([]jsonRelay, len(relays))
			for i, r := range relays {
				shown[i] = jsonRelay(r)
			}
			return printJSON(s.out, shown)
		}
		rows := make([][]any, len(relays))
		for i, r := range relays {
			state, holder, since := "ready", r.Holder, ""
			switch {
			case r.State == "down":
				state = "takes no mail"
			case !r.Driven:
				state, holder = "nobody is sending", ""
			case r.State == "spent":
				state = "day's limit reached"
			case !r.Tried:
				state = "not tried yet"
			}
			if r.ProblemAt != nil {
				since = r.ProblemAt.UTC().Format(time.DateTime)
			}
			rows[i] = []any{r.Name, state, holder, since, r.Problem}
		}
		return printTable(s.out, []any{"RELAY", "STATE", "SENT THROUGH BY", "PROBLEM SINCE (UTC)", "PROBLEM"}, rows)
	})
}
