package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"vistka/internal/mailer"
	"vistka/internal/postgres"
)

// A relay's lease: long enough for a slow database, short enough that another
// replica takes over within half a minute. It is renewed three times as often.
const (
	defaultLease = 30 * time.Second
	standBy      = time.Second // between looks at a lease that another holds
)

func (s *Service) leaseTime() time.Duration {
	if s.lease > 0 {
		return s.lease
	}
	return defaultLease
}

// upsertRelays makes a row for each configured relay and returns their ids.
func (s *Service) upsertRelays(ctx context.Context) ([]int64, error) {
	ids := make([]int64, len(s.Relays))
	for i, r := range s.Relays {
		if err := s.DB.QueryRow(ctx, sqlRelayUpsert, pgx.StrictNamedArgs{"name": r.Name(), "position": r.Order}).Scan(&ids[i]); err != nil {
			return nil, fmt.Errorf("register relay %s: %w", r.Name(), err)
		}
	}
	return ids, nil
}

// errHeld says that another driver has the lease.
var errHeld = errors.New("lease is held by another driver")

// takeOver gets the lease under a new fence and puts what the last holder left
// under way in doubt, in one transaction. own: the last holder was this
// installation and is known to have ended. Returns errHeld if it must wait.
func (s *Service) takeOver(ctx context.Context, relay int64, own bool) (fence int64, err error) {
	now := s.Clock.Now()
	var ended pgtype.Timestamptz // -infinity: nobody had it yet, and left nothing
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, sqlLeaseTake, pgx.StrictNamedArgs{
			"relay": relay, "holder": s.Holder, "own": own && s.Holder != "", "lease": s.leaseTime(),
		}).Scan(&fence, &ended)
		if errors.Is(err, pgx.ErrNoRows) {
			return errHeld
		}
		if err != nil || ended.InfinityModifier == pgtype.NegativeInfinity {
			return err
		}
		return s.doubt(ctx, tx, relay, fence, ended, now)
	})
	if err != nil && !errors.Is(err, errHeld) {
		err = fmt.Errorf("take over relay %d: %w", relay, err)
	}
	return fence, err
}

// doubt lists every message in doubt in the log (D3). ended is when the last
// driver's lease did.
func (s *Service) doubt(ctx context.Context, tx pgx.Tx, relay, fence int64, ended pgtype.Timestamptz, now time.Time) error {
	due := now.Add(s.InDoubtWait)
	if _, err := tx.Exec(ctx, sqlByIndex); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, sqlDoubtDeliveries, pgx.StrictNamedArgs{"relay": relay, "fence": fence, "ended": ended, "due": due})
	if err != nil {
		return err
	}
	var k Key
	var doubts int
	if _, err := pgx.ForEachRow(rows, []any{&k.Month, &k.Edition, &k.Subscriber, &doubts}, func() error {
		s.Log.Warn("message in doubt after take-over", "delivery", k.String(), "doubts", doubts, "relay", relay)
		return nil
	}); err != nil {
		return err
	}
	if rows, err = tx.Query(ctx, sqlDoubtNotices, pgx.StrictNamedArgs{"relay": relay, "fence": fence, "due": due, "now": now}); err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, []any{&k.Notice, &doubts}, func() error {
		s.Log.Warn("message in doubt after take-over", "delivery", k.String(), "doubts", doubts, "relay", relay)
		return nil
	})
	return err
}

// drive holds one relay whenever it can, until ctx ends.
func (s *Service) drive(ctx context.Context, session postgres.DB, id int64, all []int64, config mailer.RelayConfig, b bell) {
	log := s.Log.With("relay", config.Name())
	// Only the first time: a second process on the same data directory takes
	// the relay from a dead first one at once, but two live ones must not take
	// it from each other for ever.
	for own := !s.Accompanied; ctx.Err() == nil; {
		fence, err := s.takeOver(ctx, id, own)
		switch {
		case err == nil:
			own = false
			log.Info("relay taken", "fence", fence)
			if died := s.tenure(ctx, session, id, fence, all, config, b); died {
				return
			}
		case errors.Is(err, errHeld):
			if s.at("held") != nil {
				return
			}
			sleep(ctx, standBy)
		default:
			if ctx.Err() == nil {
				log.Error("relay cannot be taken", "error", err)
			}
			sleep(ctx, standBy)
		}
	}
}

// tenure sends under one fence until the lease is lost or ctx ends; then what is
// under way gets StopTimeout to finish, and the lease is released.
func (s *Service) tenure(ctx context.Context, session postgres.DB, id, fence int64, all []int64, config mailer.RelayConfig, b bell) (died bool) {
	soft, stop := context.WithCancel(ctx)
	hard, drop := context.WithCancel(context.WithoutCancel(ctx))
	books, shut := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer drop()
	defer shut()
	d := &driver{
		s: s, log: s.Log.With("relay", config.Name(), "fence", fence), config: config, id: id, others: all,
		ledger: &Ledger{DB: s.DB, Clock: s.Clock, Relay: id, Fence: fence, Counted: config.Daily > 0},
		soft:   soft, stop: stop, hard: hard, books: books, bell: b,
		queue: newQueue(4 * max(config.Connections, 1)), breaker: newBreaker(s.Backoff), pace: newPace(config.Rate), providers: newProviders(),
		editions: map[int64]*edition{}, cursors: map[int64]*cursor{}, tallies: map[int64]*tally{}, rested: map[int64]time.Time{}, rests: map[int64]time.Duration{}, shares: 1,
	}
	d.meter = s.Metrics.of(config.Name())
	d.notices = newNoticeLoader(s, d.queue)
	d.recorder = newRecorder(d, session)
	if err := d.begin(); err != nil {
		d.log.Error("relay's day cannot be read", "error", err)
		d.releaseLease(ctx)
		sleep(ctx, standBy)
		return false
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-soft.Done()
		// What is under way gets its time, then the outcomes theirs.
		if sleep(hard, s.stopTimeout()) {
			drop()
			sleep(books, booksTime)
		}
		shut()
	}()
	held, letGo := context.WithCancel(books)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		d.renew(held)
	}()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		d.watch(held)
	}()
	d.say(d.state(), "")
	d.run()
	letGo()
	<-renewed // a renewal after the release would keep others waiting
	<-watched
	died = d.isDead()
	if !died {
		d.reassert()
		d.releaseLease(books)
	}
	stop()
	drop()
	shut()
	<-ended
	return died
}

// booksTime is how long outcomes may still be recorded after connections were dropped.
const booksTime = 5 * time.Second

// renew keeps the lease and the share until the last worker has ended, also
// while what is under way gets its time to finish: a stand-by that took over
// then would send it again. A renewal that finds another fence ends the tenure.
func (d *driver) renew(held context.Context) {
	tick := time.NewTicker(d.s.leaseTime() / 3)
	defer tick.Stop()
	for {
		select {
		case <-held.Done():
			return
		case <-tick.C:
		}
		ours, err := d.extend(held, d.s.leaseTime())
		switch {
		case err != nil:
			if held.Err() == nil {
				d.log.Error("lease cannot be renewed", "error", err) // attempts stop by themselves when it has run out
			}
		case !ours:
			d.lose()
			return
		default:
			d.rank()
		}
	}
}

// extend has the lease end after a time from now, at once for 0. Returns false if
// it is not this driver's any more.
func (d *driver) extend(ctx context.Context, by time.Duration) (ours bool, err error) {
	today, taken := d.budget.count(d.s.Clock.Now())
	tag, err := d.s.DB.Exec(ctx, sqlLeaseRenew, pgx.StrictNamedArgs{"relay": d.id, "fence": d.ledger.Fence, "lease": by, "day": today, "taken": taken})
	return tag.RowsAffected() > 0, err
}

func (d *driver) releaseLease(ctx context.Context) {
	if _, err := d.extend(ctx, 0); err != nil {
		d.log.Warn("lease cannot be released", "error", err)
	}
}

// begin reads what the relay was given today and which part of the mail is its.
func (d *driver) begin() error {
	now := d.s.Clock.Now()
	d.budget = &budget{limit: d.config.Daily, day: day(now)}
	if err := d.s.DB.QueryRow(d.soft, sqlRelayTaken, pgx.StrictNamedArgs{"relay": d.id, "day": day(now)}).Scan(&d.budget.taken); err != nil {
		return err
	}
	d.rank()
	return nil
}

// rank finds this relay's part of the mail among the healthy relays. What was
// read of another part is forgotten: its relay sends it.
func (d *driver) rank() {
	var shares, share int64
	err := d.s.DB.QueryRow(d.soft, sqlRelayShare, pgx.StrictNamedArgs{"relay": d.id, "relays": d.others}).Scan(&shares, &share)
	if err != nil || shares == 0 {
		return
	}
	d.mu.Lock()
	changed := d.shares != shares || d.share != share
	d.shares, d.share = shares, share
	d.mu.Unlock()
	if changed {
		d.log.Info("relay's part of the mail", "share", share+1, "of", shares)
		d.forget()
		_ = d.s.at("ranked")
	}
}

// forget drops what was read and not begun; it is read again as far as it is still this relay's.
func (d *driver) forget() {
	d.queue.clear()
	d.sweepAgain()
}
