package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// ours mails one edition through a service of its own.
func (r *sending) ours(ctx context.Context, relay, name string, readers int) (got sample, err error) {
	if r.FanOutFirst {
		if _, err := r.lab.db.Exec(ctx, sqlHoldRelay, pgx.StrictNamedArgs{"name": relay}); err != nil {
			return got, fmt.Errorf("hold relay: %w", err)
		}
	}
	p, err := r.profiler()
	if err != nil {
		return got, err
	}
	s, err := r.lab.serve(ctx, relayURL(relay, r.Connections), p.env()...)
	if err != nil {
		return got, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := resetPeak(s.pid()); err != nil {
		return got, err
	}
	if got.Idle, _, err = memoryOf(s.pid()); err != nil {
		return got, err
	}
	used := r.lab.watch(s)
	m, err := r.lab.publish(ctx, s, name, r.gauge.letters)
	if err != nil {
		return got, err
	}
	if r.FanOutFirst {
		if used, err = r.letGo(ctx, s, m, relay); err != nil {
			return got, err
		}
	}
	p.begin(ctx)
	if err := m.settled(ctx, s); err != nil {
		return got, err
	}
	if got.CPU, got.PostgresCPU, err = used(); err != nil {
		return got, err
	}
	_, peak, err := memoryOf(s.pid())
	if err != nil {
		return got, err
	}
	got.Above = max(peak-got.Idle, 0)
	if err := p.end(ctx); err != nil {
		return got, fmt.Errorf("profile: %w", err)
	}
	return got, r.judge(ctx, m, readers, &got)
}

// letGo waits for all deliveries and only then lets the sender have the relay.
func (r *sending) letGo(ctx context.Context, s *service, m *mailing, relay string) (watch, error) {
	if _, err := m.fanned(ctx, s, ledgerPoll); err != nil {
		return nil, err
	}
	used := r.lab.watch(s)
	_, err := r.lab.db.Exec(ctx, sqlLetGoRelay, pgx.StrictNamedArgs{"name": relay})
	return used, err
}

// judge reads times and counts from the ledger. An edition that did not reach
// everybody is no measurement.
func (r *sending) judge(ctx context.Context, m *mailing, readers int, got *sample) error {
	a, err := m.account(ctx)
	if err != nil {
		return fmt.Errorf("account of the edition: %w", err)
	}
	if a.Sent != readers || a.Deliveries != readers {
		return fmt.Errorf("%d readers, %d deliveries, %d of them sent", readers, a.Deliveries, a.Sent)
	}
	got.Mails, got.Seconds = a.Sent, a.Last.Sub(a.First).Seconds()
	got.Rate = float64(a.Sent-1) / got.Seconds
	if !r.FanOutFirst {
		got.FirstSeconds = a.First.Sub(a.Released).Seconds()
	}
	return nil
}

// watch gives the processor time, in seconds, that a service and PostgreSQL
// have used since it was made.
type watch func() (service, postgres float64, err error)

func (l *lab) watch(s *service) watch {
	begin, err1 := cpuOf(s.pid())
	beginPG, err2 := l.postgresCPU()
	return func() (float64, float64, error) {
		now, err3 := cpuOf(s.pid())
		nowPG, err4 := l.postgresCPU()
		return (now - begin).Seconds(), (nowPG - beginPG).Seconds(), errors.Join(err1, err2, err3, err4)
	}
}
