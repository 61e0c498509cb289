package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// onceForAll has statements planned once, whatever their arguments, and by
// index: a plan made while a table was empty would else read all of it when a
// fan-out has filled it, until statistics catch up. A scan that is off counts as
// very dear where there is no other way, which must not set the compiler (jit)
// to work.
const onceForAll = `
SET plan_cache_mode = force_generic_plan;
SET jit = off;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_memoize = off`

// OpenSession makes a pool of one connection for statements that are executed
// over and over on rows found by their keys. Nothing is connected until it is
// used, and a lost connection is replaced. Give a url that keeps sessions, not
// that of a pooler. Settings are those of Open.
func OpenSession(ctx context.Context, url string) (*pgxpool.Pool, error) {
	cfg, err := config(url, WithMaxConns(1))
	if err != nil {
		return nil, err
	}
	cfg.MinConns, cfg.MinIdleConns = 0, 0
	connected := cfg.AfterConnect
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		if err := connected(ctx, conn); err != nil || pooled(cfg) {
			return err
		}
		_, err := conn.Exec(ctx, onceForAll)
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database session: %w", err)
	}
	return pool, nil
}

// Connect opens one connection outside any pool, to listen on. Settings are
// those of Open.
func Connect(ctx context.Context, url string) (*pgx.Conn, error) {
	cfg, err := config(url)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, cfg.ConnConfig)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", where(cfg), err)
	}
	return conn, nil
}
