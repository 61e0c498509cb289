package guard

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

func TestSwitch(t *testing.T) {
	i := install(t)
	ctx := t.Context()
	now := i.guard.Clock.Now()
	act := func(f func(ctx context.Context, tx pgx.Tx) error) error {
		return postgres.InTx(ctx, i.pool, func(tx pgx.Tx) error { return f(ctx, tx) })
	}
	stop := func(ctx context.Context, tx pgx.Tx) error { return Stop(ctx, tx, "a slip", 0, now.Add(time.Minute)) }
	start := func(ctx context.Context, tx pgx.Tx) error { return Start(ctx, tx, 0, now) }
	unlock := func(ctx context.Context, tx pgx.Tx) error { return Unlock(ctx, tx, 0, now) }
	refused := func(f func(context.Context, pgx.Tx) error) {
		t.Helper()
		if err := act(f); !errors.Is(err, ErrState) {
			t.Fatalf("not refused: %v", err)
		}
	}
	i.check("first start", "")
	refused(start)
	refused(unlock)
	if err := act(stop); err != nil {
		t.Fatal(err)
	}
	s, err := Read(ctx, i.pool)
	if err != nil || s.State != Stopped || s.Reason != "a slip" || !s.Since.Equal(now.Add(time.Minute)) || i.maySend() {
		t.Fatalf("stopped: %+v, %v", s, err)
	}
	refused(stop)
	refused(unlock)
	if err := act(start); err != nil || !i.maySend() {
		t.Fatalf("started: %v", err)
	}
	if err := act(stop); err != nil {
		t.Fatal(err)
	}
	i.guard.Machine = "another"
	i.check("a lock outdoes a stop", MovedDirectory)
	refused(stop)
	refused(start)
	i.unlocks()
}
