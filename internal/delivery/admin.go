package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// ErrNotFound says that there is no such delivery or notice, or none in the
// state the act needs.
var ErrNotFound = errors.New("delivery: not found")

// ErrStopped says that the delivery's edition was cancelled or expired: nothing
// of it is sent any more.
var ErrStopped = errors.New("delivery: its edition was stopped")

// Backlog is what waits, for Home.
type Backlog struct {
	Notices  int64      // queued or due again
	Queued   int64      // deliveries of open and paused editions
	Deferred int64      // refused for the time being
	Doubtful int64      // in doubt, to be sent again
	Held     int64      // in doubt, a person decides
	Failed   int64      // notices of the last seven days that did not go through
	Oldest   *time.Time // of the editions and notices that wait, when the oldest was made
}

// Backlog counts over the editions that are not settled, and the notices.
func (s *Service) Backlog(ctx context.Context) (Backlog, error) {
	rows, err := s.DB.Query(ctx, sqlBacklog, pgx.StrictNamedArgs{"since": s.Clock.Now().Add(-failedFor)})
	if err != nil {
		return Backlog{}, fmt.Errorf("count the backlog: %w", err)
	}
	b, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Backlog])
	if err != nil {
		return Backlog{}, fmt.Errorf("count the backlog: %w", err)
	}
	return b, nil
}

// RelayState is how a relay fares.
type RelayState struct {
	Name      string
	Driven    bool   // some process holds its lease
	Holder    string // the installation that holds the lease or held it last
	State     string // ready, down, spent
	Tried     bool   // some mail was handed to it, or tried to be
	Problem   string
	ProblemAt *time.Time
}

// RelayStates lists the relays this service is configured with; without any,
// those that the database knows.
func (s *Service) RelayStates(ctx context.Context) ([]RelayState, error) {
	names := make([]string, len(s.Relays))
	for i, r := range s.Relays {
		names[i] = r.Name()
	}
	rows, err := s.DB.Query(ctx, sqlRelayStates, pgx.StrictNamedArgs{"names": names})
	if err != nil {
		return nil, fmt.Errorf("list relays: %w", err)
	}
	states, err := pgx.CollectRows(rows, pgx.RowToStructByName[RelayState])
	if err != nil {
		return nil, fmt.Errorf("list relays: %w", err)
	}
	return states, nil
}

// Doubt is one message of which nobody knows whether the relay took it.
type Doubt struct {
	NoticeID     int64 // 0 for a delivery
	Month        time.Time
	EditionID    int64
	SubscriberID int64
	Newsletter   string
	Address      string
	Doubts       int
	DueAt        *time.Time // when it is sent again by itself; nil: held for a person
	EditionState string     // empty for a notice
	Reply        string
}

// Stopped says that it cannot be sent again, because its edition was cancelled
// or expired.
func (d Doubt) Stopped() bool { return stopped(d.EditionState) }

func stopped(edition string) bool { return edition == "cancelled" || edition == "expired" }

// Paused says that it is not sent again before its edition is resumed.
func (d Doubt) Paused() bool { return d.EditionState == "paused" }

// Key is what Decide takes.
func (d Doubt) Key() Key {
	return Key{Notice: d.NoticeID, Month: d.Month, Edition: d.EditionID, Subscriber: d.SubscriberID}
}

// InDoubt lists the messages in doubt, those held for a person first.
func (s *Service) InDoubt(ctx context.Context, limit int) ([]Doubt, error) {
	rows, err := s.DB.Query(ctx, sqlInDoubt, pgx.StrictNamedArgs{"limit": limit})
	if err != nil {
		return nil, fmt.Errorf("list messages in doubt: %w", err)
	}
	doubts, err := pgx.CollectRows(rows, pgx.RowToStructByName[Doubt])
	if err != nil {
		return nil, fmt.Errorf("list messages in doubt: %w", err)
	}
	return doubts, nil
}

// Decide settles a message that is held in doubt: again sends the same bytes
// under the same Message-ID once more, otherwise it counts as sent. Returns
// ErrNotFound if it is not held, ErrStopped if it is to go again and its edition
// was cancelled or expired.
func (s *Service) Decide(ctx context.Context, db postgres.DB, k Key, again bool) error {
	sql := sqlDecideDelivery
	args := pgx.StrictNamedArgs{"again": again, "now": s.Clock.Now()}
	if k.Notice != 0 {
		sql, args["id"] = sqlDecideNotice, k.Notice
	} else {
		args["month"], args["edition"], args["subscriber"] = k.Month, k.Edition, k.Subscriber
	}
	err := postgres.InTx(ctx, db, func(tx pgx.Tx) error {
		if k.Notice == 0 && again {
			if err := openAgain(ctx, tx, k.Edition, s.Clock.Now()); err != nil {
				return err
			}
		}
		tag, err := tx.Exec(ctx, sql, args)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrNotFound
		}
		_, err = tx.Exec(ctx, sqlNotify)
		return err
	})
	if err != nil {
		return fmt.Errorf("decide %s: %w", k, err)
	}
	return nil
}

// openAgain lets a settled edition be sent from again. The edition is held until
// the transaction ends, so that it cannot be stopped meanwhile.
func openAgain(ctx context.Context, tx pgx.Tx, edition int64, now time.Time) error {
	var state string
	err := tx.QueryRow(ctx, sqlEditionHold, pgx.StrictNamedArgs{"edition": edition}).Scan(&state)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNotFound
	case err != nil:
		return err
	case stopped(state):
		return ErrStopped
	}
	_, err = tx.Exec(ctx, sqlEditionReopen, pgx.StrictNamedArgs{"edition": edition, "now": now})
	return err
}
