package subscriber

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// A process that fails halfway leaves the mail owed, and nothing of it queued.
func TestAnswerIsOneTransaction(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	tries := 0
	f.Notify = func(ctx context.Context, tx pgx.Tx, all ...Notice) error {
		n := all[0]
		tries++
		_, err := tx.Exec(ctx, "INSERT INTO notice (kind, locale, signup_id, due_at, created_at) VALUES ($1, $2, $3, $4, $4)", n.Kind, n.Locale, n.SignupID, start)
		if err == nil && tries == 1 {
			err = context.DeadlineExceeded
		}
		return err
	}
	if _, err := f.SignUp(context.Background(), f.request("nadia@example.org")); err != nil {
		t.Fatal(err)
	}
	if err := f.AnswerAll(context.Background()); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("the first try: %v", err)
	}
	f.work()
	f.work()
	if notices, counted := f.number("SELECT count(*) FROM notice"), f.number("SELECT sum(count) FROM signup_mail"); notices != 1 || counted != 1 || tries != 2 {
		t.Errorf("%d notices and %d counted after %d tries", notices, counted, tries)
	}
}

// What RunAnswers of this process is told of does not wait for its next look,
// and the jobs of an older version are answered as well.
func TestRunAnswers(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.Taken = make(chan struct{}, 1)
	sent := make(chan int64, 2)
	f.Notify = func(_ context.Context, _ pgx.Tx, all ...Notice) error {
		for _, n := range all {
			sent <- n.SignupID
		}
		return nil
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	done := make(chan error, 1)
	go func() { done <- f.RunAnswers(ctx) }()
	wait := func(what string) {
		t.Helper()
		select {
		case <-sent:
		case <-ctx.Done():
			t.Fatal(what + " was never answered")
		}
	}
	if _, err := f.SignUp(ctx, f.request("nadia@example.org")); err != nil {
		t.Fatal(err)
	}
	wait("a sign-up")

	workers := river.NewWorkers()
	f.AddWorkers(workers)
	client, err := river.NewClient(riverpgxv5.New(f.DB), &river.Config{
		Schema: "river", Workers: workers, Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2}},
		Logger: slog.New(slog.DiscardHandler), PeriodicJobs: PeriodicJobs(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Stop(context.WithoutCancel(ctx)) }()
	if _, err := client.Insert(ctx, SignupArgs{SignupID: 1, Mail: true}, nil); err != nil {
		t.Fatal(err)
	}
	wait("an older version's job")
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
