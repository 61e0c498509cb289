package subscriber

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
)

func TestWorkersOnTheRealQueue(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	workers := river.NewWorkers()
	f.AddWorkers(workers)
	client, err := river.NewClient(riverpgxv5.New(f.DB), &river.Config{
		Schema: "river", Workers: workers, Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2}},
		Logger: slog.New(slog.DiscardHandler), PeriodicJobs: PeriodicJobs(),
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Jobs = client
	// The first try fails after the notice is queued: it must not count.
	tries := 0
	f.Notify = func(ctx context.Context, tx pgx.Tx, n Notice) error {
		tries++
		_, err := tx.Exec(ctx, "INSERT INTO notice (kind, locale, signup_id, due_at, created_at) VALUES ($1, $2, $3, $4, $4)", n.Kind, n.Locale, n.SignupID, start)
		if err == nil && tries == 1 {
			err = context.DeadlineExceeded
		}
		return err
	}
	done, stop := client.Subscribe(river.EventKindJobCompleted)
	defer stop()
	if _, err := f.SignUp(ctx, f.request("nadia@example.org")); err != nil {
		t.Fatal(err)
	}
	if err := client.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Stop(context.WithoutCancel(ctx)) }()
	for {
		select {
		case e := <-done:
			if e.Job.Kind != (SignupArgs{}).Kind() {
				continue
			}
			if n := f.number("SELECT count(*) FROM notice"); n != 1 || e.Job.State != rivertype.JobStateCompleted || tries != 2 {
				t.Errorf("%d notices after %d tries, the job is %s", n, tries, e.Job.State)
			}
			return
		case <-ctx.Done():
			t.Fatal("the job was never done")
		}
	}
}
