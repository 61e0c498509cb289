package main

import (
	"context"
	"fmt"

	"vistka/internal/postgres"
)

// commits inserts one row a transaction.
func (r *signing) commits(ctx context.Context, connections int) (got signupSample, err error) {
	pool, err := postgres.Open(ctx, r.lab.server.URL(), postgres.WithApplicationName("vistka-bench"), postgres.WithMaxConns(int32(connections)))
	if err != nil {
		return got, err
	}
	defer pool.Close()
	for _, sql := range []string{sqlCommitDrop, sqlCommitTable} {
		if _, err := pool.Exec(ctx, sql); err != nil {
			return got, fmt.Errorf("table for commits: %w", err)
		}
	}
	before, err := r.lab.postgresCPU()
	if err != nil {
		return got, err
	}
	got, err = press(ctx, connections, r.For, func(ctx context.Context, _, n int) error {
		_, err := pool.Exec(ctx, sqlCommit, fmt.Sprintf("reader-%d@example.org", n))
		return err
	})
	if err != nil {
		return got, err
	}
	after, err := r.lab.postgresCPU()
	got.PostgresCPU = (after - before).Seconds()
	return got, err
}
