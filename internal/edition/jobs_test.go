package edition

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"vistka/internal/postgres"
)

// One fan-out job a newsletter and release, whoever asks; the job is gone with
// the transaction that asked for it.
func TestReleasedAsksOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	ws := river.NewWorkers()
	s.svc.AddWorkers(ws)
	client, err := river.NewClient(riverpgxv5.New(s.pool), &river.Config{Schema: "river", Workers: ws, PeriodicJobs: PeriodicJobs()})
	if err != nil {
		t.Fatal(err)
	}
	s.svc.Jobs = client
	ask := func(letter int, fate error) {
		t.Helper()
		err := postgres.InTx(t.Context(), s.pool, func(tx pgx.Tx) error {
			if err := s.svc.Released(t.Context(), tx, s.letters[letter]); err != nil {
				t.Fatal(err)
			}
			return fate
		})
		if (err == nil) != (fate == nil) {
			t.Fatal(err)
		}
	}
	jobs := func() int { return s.count(`SELECT count(*) FROM river.river_job WHERE kind = 'edition_fan_out'`) }
	ask(0, errRolledBack)
	s.want("jobs of a transaction rolled back", jobs(), 0)
	ask(0, nil)
	ask(0, nil)
	s.want("jobs of one newsletter", jobs(), 1)
	ask(1, nil)
	s.want("jobs of two", jobs(), 2)
	s.do(`UPDATE river.river_job SET state = 'running', attempted_at = now()`)
	s.publish(0, 0)
	ask(0, nil)
	s.want("jobs after a release while one runs", jobs(), 3)

	// A process that was killed leaves its job running: the next tick asks again.
	s.subscribe(0, 0, "instant")
	s.publish(0, 0)
	ask(0, nil)
	s.do(`UPDATE river.river_job SET state = 'running', attempted_at = now()`)
	before := jobs()
	for range 2 {
		s.clock.Advance(time.Minute)
		if err := s.svc.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := jobs(); got < before+2 {
		t.Errorf("%d jobs after two ticks over dead ones, %d before", got, before)
	}
}
