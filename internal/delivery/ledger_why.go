package delivery

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// why finds out what kept rows from being granted and settles them: the reader
// left or is suppressed, cancelled; paused, skipped and owed; the edition not
// open, all sending stopped or the address another than the one the mail was
// made for, left as it is. A row that is 'sending' under our own fence was
// granted by a commit whose answer got lost.
func (l *Ledger) why(ctx context.Context, nexts []Next, granted map[Key]bool) error {
	var notices []Next
	var mails []Key
	for _, n := range nexts {
		if n.Notice != 0 {
			notices = append(notices, n)
		} else {
			mails = append(mails, n.Key)
		}
	}
	if err := l.whyDeliveries(ctx, mails, granted); err != nil {
		return err
	}
	return l.whyNotices(ctx, notices, granted)
}

func (l *Ledger) whyDeliveries(ctx context.Context, keys []Key, granted map[Key]bool) error {
	if len(keys) == 0 {
		return nil
	}
	args := keyArgs(keys)
	args["relay"], args["fence"], args["now"] = l.Relay, l.Fence, l.Clock.Now()
	rows, err := l.DB.Query(ctx, sqlWhy, args)
	if err != nil {
		return fmt.Errorf("ask why deliveries are not granted: %w", err)
	}
	var k Key
	var state, verdict State
	var ours, held bool
	lost := false
	verdicts := map[State][]Key{}
	_, err = pgx.ForEachRow(rows, []any{&k.Month, &k.Edition, &k.Subscriber, &state, &ours, &verdict, &held}, func() error {
		switch {
		case state == Sending && ours:
			granted[k] = true
		case !held:
			lost = true
		case state == Queued || state == Deferred || state == Doubtful:
			verdicts[verdict] = append(verdicts[verdict], k)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ask why deliveries are not granted: %w", err)
	}
	if lost {
		return ErrLost
	}
	if err := l.settle(ctx, sqlCancel, verdicts[Cancelled]); err != nil {
		return err
	}
	return l.settle(ctx, sqlSkip, verdicts[Skipped])
}

func (l *Ledger) settle(ctx context.Context, sql string, keys []Key) error {
	if len(keys) == 0 {
		return nil
	}
	args := keyArgs(keys)
	args["now"] = l.Clock.Now()
	if _, err := l.DB.Exec(ctx, sql, args); err != nil {
		return fmt.Errorf("settle deliveries that may not be sent: %w", err)
	}
	return nil
}

func (l *Ledger) whyNotices(ctx context.Context, nexts []Next, granted map[Key]bool) error {
	if len(nexts) == 0 {
		return nil
	}
	ids, hashes := make([]int64, len(nexts)), make([][]byte, len(nexts))
	for i, n := range nexts {
		ids[i], hashes[i] = n.Notice, n.Hash
	}
	rows, err := l.DB.Query(ctx, sqlWhyNotices, pgx.StrictNamedArgs{"ids": ids, "relay": l.Relay, "fence": l.Fence})
	if err != nil {
		return fmt.Errorf("ask why notices are not granted: %w", err)
	}
	var id int64
	var state State
	var ours, held bool
	lost := false
	_, err = pgx.ForEachRow(rows, []any{&id, &state, &ours, &held}, func() error {
		switch {
		case state == Sending && ours:
			granted[Key{Notice: id}] = true
		case !held:
			lost = true
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ask why notices are not granted: %w", err)
	}
	if lost {
		return ErrLost
	}
	if _, err := l.DB.Exec(ctx, sqlCancelNotices, pgx.StrictNamedArgs{"ids": ids, "hashes": hashes, "now": l.Clock.Now()}); err != nil {
		return fmt.Errorf("cancel notices: %w", err)
	}
	return nil
}

func keyArgs(all []Key) pgx.StrictNamedArgs {
	var k keys
	for _, key := range all {
		k.add(key)
	}
	return pgx.StrictNamedArgs{"months": k.months, "editions": k.editions, "subscribers": k.subscribers}
}
