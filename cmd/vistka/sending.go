package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/account"
	"vistka/internal/app"
	"vistka/internal/delivery"
	"vistka/internal/guard"
	"vistka/internal/postgres"
)

type sendingCommand struct {
	Status sendingStatusCommand `cmd:"" default:"withargs" help:"Say whether mail goes out, if not why, and what waits."`
	Stop   sendingStopCommand   `cmd:"" help:"Stop all sending. Nothing is lost: what is due waits."`
	Start  sendingStartCommand  `cmd:"" help:"Start sending again."`
	Unlock sendingUnlockCommand `cmd:"" help:"Say that this copy is the original, where sending is locked because it looks like a copy."`
}

// sendingStatus is how the switch stands and what it holds.
type sendingStatus struct {
	guard.Sending
	Pending delivery.Pending
}

type sendingStatusCommand struct {
	JSON bool `name:"json" help:"As JSON."`
}

// Run says how things are and changes nothing.
func (c sendingStatusCommand) Run(ctx context.Context, s *session) error {
	return s.attach(ctx, func(a *app.App) error { return s.sendingStatus(ctx, a, c.JSON) })
}

func (s *session) sendingStatus(ctx context.Context, a *app.App, asJSON bool) error {
	var status sendingStatus
	var err error
	if status.Sending, err = guard.Read(ctx, a.Pool); err != nil {
		return err
	}
	if status.Pending, err = a.Deliveries.Pending(ctx); err != nil {
		return err
	}
	if asJSON {
		return printJSON(s.out, sendingAsJSON(status))
	}
	l := a.Catalog.For("en")
	fmt.Fprintln(s.out, l.T("admin.sending.state."+string(status.State)))
	if status.State != guard.On {
		since := status.Since.UTC().Format(time.DateTime) + " UTC"
		if status.By != "" {
			since += " by " + status.By
		}
		fmt.Fprintln(s.out, "Since:", since)
	}
	if status.Reason != "" {
		fmt.Fprintln(s.out, "Why:", status.Reason)
	}
	if status.Cause != "" {
		fmt.Fprintf(s.out, "Why: %s\n\n%s\n", l.T("admin.sending.cause."+string(status.Cause)), l.T("admin.sending.unlock_text"))
	}
	fmt.Fprintf(s.out, "\n%s: %s\n", l.T("admin.sending.pending."+string(status.State)), l.N("admin.sending.mails", int(status.Pending.Mails())))
	var rows [][]any
	for _, n := range status.Pending.Notices {
		rows = append(rows, []any{l.T("admin.sending.notice." + string(n.Kind)), "", n.Mails})
	}
	for _, e := range status.Pending.Editions {
		rows = append(rows, []any{l.T("admin.edition.title", "id", e.ID) + ", " + e.Kind, e.Newsletter, e.Mails})
	}
	if rows == nil {
		return nil
	}
	return printTable(s.out, []any{"WHAT", "NEWSLETTER", "MAILS"}, rows)
}

type sendingStopCommand struct {
	Reason string `help:"Why, for colleagues."`
	JSON   bool   `name:"json" help:"As JSON."`
}

// Run stops all sending.
func (c sendingStopCommand) Run(ctx context.Context, s *session) error {
	return s.turnSending(ctx, "stop", c.JSON, func(ctx context.Context, tx pgx.Tx, now time.Time) error {
		return guard.Stop(ctx, tx, c.Reason, 0, now)
	})
}

type sendingStartCommand struct {
	JSON bool `name:"json" help:"As JSON."`
}

// Run starts what a person stopped.
func (c sendingStartCommand) Run(ctx context.Context, s *session) error {
	return s.turnSending(ctx, "start", c.JSON, func(ctx context.Context, tx pgx.Tx, now time.Time) error {
		return guard.Start(ctx, tx, 0, now)
	})
}

type sendingUnlockCommand struct {
	Yes  bool `help:"Do it; without this it is only shown what would go out."`
	JSON bool `name:"json" help:"As JSON."`
}

// Run unlocks what the guard locked.
func (c sendingUnlockCommand) Run(ctx context.Context, s *session) error {
	if !c.Yes {
		return s.attach(ctx, func(a *app.App) error { return s.showLock(ctx, a, c.JSON) })
	}
	return s.turnSending(ctx, "unlock", c.JSON, func(ctx context.Context, tx pgx.Tx, now time.Time) error {
		return guard.Unlock(ctx, tx, 0, now)
	})
}

// showLock says what would go out.
func (s *session) showLock(ctx context.Context, a *app.App, asJSON bool) error {
	now, err := guard.Read(ctx, a.Pool)
	if err != nil {
		return err
	}
	if now.State != guard.Locked {
		return notTurned("unlock", now)
	}
	if err := s.sendingStatus(ctx, a, asJSON); err != nil || asJSON {
		return err
	}
	_, err = fmt.Fprint(s.out, "\nIf this is the original, run it again with --yes.\n")
	return err
}

// turnSending acts on the switch, leaves it in the trail with it, and says how
// things are then.
func (s *session) turnSending(ctx context.Context, name string, asJSON bool, act func(ctx context.Context, tx pgx.Tx, now time.Time) error) error {
	return s.attach(ctx, func(a *app.App) error {
		now := a.Clock.Now()
		err := postgres.InTx(ctx, a.Pool, func(tx pgx.Tx) error {
			if err := act(ctx, tx, now); err != nil {
				return err
			}
			return account.Record(ctx, tx, account.Event{At: now, Act: "sending." + name})
		})
		if errors.Is(err, guard.ErrState) {
			now, err := guard.Read(ctx, a.Pool)
			if err != nil {
				return err
			}
			return notTurned(name, now)
		}
		if err != nil {
			return err
		}
		return s.sendingStatus(ctx, a, asJSON)
	})
}

// notTurned is why the switch, as it stands, was left alone, and what to do.
func notTurned(name string, now guard.Sending) error {
	switch now.State {
	case guard.Locked:
		return fmt.Errorf("sending is locked, because this looks like a copy, so there is nothing to %s: no mail goes out. "+
			"vistka sending says why and what would go out; if this is the original, vistka sending unlock --yes", name)
	case guard.Stopped:
		if name == "unlock" {
			return errors.New("sending is not locked: it was stopped by a person. Start it again with vistka sending start")
		}
		return errors.New("all sending is stopped already; vistka sending says since when and why. Start it again with vistka sending start")
	}
	return fmt.Errorf("mail goes out, so there is nothing to %s", name)
}
