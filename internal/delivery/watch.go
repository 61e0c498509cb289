package delivery

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/mailer"
	"vistka/internal/postgres"
)

// watch tells the owners of what no single statement brings about: a relay that
// has been down for long, mails that are held in doubt by whatever made them so.
func (d *driver) watch(held context.Context) {
	tick := time.NewTicker(d.s.leaseTime() / 3)
	defer tick.Stop()
	for {
		select {
		case <-held.Done():
			return
		case <-tick.C:
		}
		err := postgres.InTx(held, d.s.DB, func(tx pgx.Tx) error {
			if err := d.alertRelay(held, tx); err != nil {
				return err
			}
			return d.s.alertDoubt(held, tx)
		})
		if err != nil && held.Err() == nil {
			d.log.Warn("cannot look whether the owners are to be told", "error", err)
		}
	}
}

// alertRelay tells that the relay is down, if it is: at once where a person has
// to act, else after relayPatience.
func (d *driver) alertRelay(ctx context.Context, tx pgx.Tx) error {
	if !d.said.Load() {
		return nil
	}
	var problem string
	var since time.Time
	err := tx.QueryRow(ctx, sqlRelayDown, pgx.StrictNamedArgs{"relay": d.id, "fence": d.ledger.Fence}).Scan(&problem, &since)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	t := Trouble{Cause: CauseRelayDown, Object: d.config.Name(), Name: d.config.Name(), Words: problem}
	switch {
	case d.lasting.Load():
		t.Cause = CauseRelayRefused
	case d.s.Clock.Now().Sub(since) < relayPatience:
		return nil
	}
	d.s.AlertOwners(ctx, tx, t)
	return nil
}

func (s *Service) alertDoubt(ctx context.Context, tx pgx.Tx) error {
	var held bool
	if err := tx.QueryRow(ctx, sqlDoubtHeld).Scan(&held); err != nil || !held {
		return err
	}
	s.AlertOwners(ctx, tx, Trouble{Cause: CauseDoubtHeld})
	return nil
}

// alertSender tells of a notice whose sender the relay refused. Its outcome is
// committed with those of others.
func (d *driver) alertSender(from string, r mailer.Reply) {
	err := postgres.InTx(d.books, d.s.DB, func(tx pgx.Tx) error {
		d.s.AlertOwners(d.books, tx, senderRefused(from, r))
		return nil
	})
	if err != nil {
		d.log.Warn("owners cannot be told", "error", err)
	}
}

func senderRefused(from string, r mailer.Reply) Trouble {
	return Trouble{Cause: CauseSenderRefused, Object: from, Name: from, Words: r.String()}
}
