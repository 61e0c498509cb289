package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"vistka/migrations"
)

// RiverSchema is where the job queue keeps its tables.
const RiverSchema = "river"

// ErrNewer means that the database was migrated by a later version of Vistka.
var ErrNewer = errors.New("the database belongs to a newer version of Vistka: start that version, or restore a dump from before it")

// Migrate brings the schema and the job queue's tables to what this binary
// knows. Any number of processes may call it at once: one works, the others
// wait. It uses connections of its own, so that a pool of one cannot lock
// itself out, and no statement timeout. Returns ErrNewer, untouched, if the
// schema is ahead of the binary. A nil log is silent.
func Migrate(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) error {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	own, err := migrationPool(ctx, pool)
	if err != nil {
		return err
	}
	defer own.Close()
	return pgx.BeginFunc(ctx, own, func(lock pgx.Tx) error {
		// A transaction's lock, not a session's: it also holds through a pooler.
		if _, err := lock.Exec(ctx, sqlLockMigrations, migrationLock); err != nil {
			return fmt.Errorf("lock migrations: %w", err)
		}
		return migrate(ctx, own, log)
	})
}

func migrate(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) error {
	v, err := Version(ctx, pool)
	if err != nil {
		return err
	}
	if v.Newer() {
		return fmt.Errorf("migrate from %s to %s: %w", v.have(), v.want(), ErrNewer)
	}
	if v.Pending() == 0 {
		return nil
	}
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	done, err := p.Up(ctx)
	for _, r := range done {
		log.InfoContext(ctx, "migrated", "version", r.Source.Version, "took", r.Duration)
	}
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return migrateRiver(ctx, pool, log)
}

func migrateRiver(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) error {
	if _, err := pool.Exec(ctx, sqlCreateRiverSchema); err != nil {
		return fmt.Errorf("create schema of the job queue: %w", err)
	}
	m, err := riverMigrator(pool)
	if err != nil {
		return err
	}
	res, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	if err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	if n := len(res.Versions); n > 0 {
		log.InfoContext(ctx, "migrated the job queue", "version", res.Versions[n-1].Version)
	}
	return nil
}

func riverMigrator(pool *pgxpool.Pool) (*rivermigrate.Migrator[pgx.Tx], error) {
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{
		Schema: RiverSchema,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, fmt.Errorf("read migrations of the job queue: %w", err)
	}
	return m, nil
}

// migrationPool opens three connections beside the given pool: one holds the
// lock, one migrates, and goose may ask for another while it does.
func migrationPool(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Pool, error) {
	cfg := pool.Config() // a deep copy
	cfg.MaxConns, cfg.MinConns, cfg.MinIdleConns = 3, 0, 0
	if !pooled(cfg) {
		cfg.ConnConfig.RuntimeParams["statement_timeout"] = "0"
		cfg.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	}
	own, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open connections for migrating: %w", err)
	}
	return own, nil
}
