package main

import (
	"context"
	"fmt"
	"strconv"
)

// newsletter makes one with its feed and so many made-up readers, and leaves
// the database as if it had been so for long: vacuumed, written out.
func (l *lab) newsletter(ctx context.Context, name string, readers int) error {
	for i := range 3 { // what stands in a feed when it is added is not mailed
		l.site.publish(name, story{Title: fmt.Sprintf("Old news %d", i), Text: filler(200)})
	}
	for _, args := range [][]string{
		{
			"newsletter", "add", "--slug=" + name, "--name=The " + name + " letter", "--language=en", "--from-name=Bench",
			"--from-address=news@bench.example", "--grace=0s", "--site-url=" + l.site.url(), "--origin=" + l.site.url(),
		},
		{"feed", "add", "--newsletter=" + name, l.site.feed(name)},
		{"seed", "--newsletter=" + name, "--count=" + strconv.Itoa(readers)},
	} {
		if err := l.vistka(ctx, args...); err != nil {
			return err
		}
	}
	return l.tidy(ctx)
}

// tidy does now what PostgreSQL would do in the middle of the measurement.
func (l *lab) tidy(ctx context.Context) error {
	for _, sql := range []string{"VACUUM (ANALYZE)", "CHECKPOINT"} {
		if _, err := l.db.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// forget drops what is queued, once no service runs.
func (l *lab) forget(ctx context.Context) error {
	for _, sql := range sqlForget {
		if _, err := l.db.Exec(ctx, sql); err != nil {
			return fmt.Errorf("forget deliveries: %w", err)
		}
	}
	return nil
}
