package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	applicationName = "vistka"
	// maxConns leaves room for five replicas beside people with psql under
	// Postgres' own default of 100 connections.
	maxConns        = 16
	connectTimeout  = 5 * time.Second
	maxConnLifetime = time.Hour
	lifetimeJitter  = 5 * time.Minute
	maxConnIdleTime = 5 * time.Minute
	// idleInTransaction frees the locks of a transaction whose owner is stuck.
	// No transaction of ours waits for the network, so none is idle that long.
	idleInTransaction = 5 * time.Minute
)

// Option changes what Open would otherwise do.
type Option func(*pgxpool.Config)

// WithStatementTimeout makes the server cancel any statement that takes longer
// than d; zero means never. It is not sent through a pooler (see Open).
func WithStatementTimeout(d time.Duration) Option {
	return func(c *pgxpool.Config) {
		if !pooled(c) {
			c.ConnConfig.RuntimeParams["statement_timeout"] = milliseconds(d)
		}
	}
}

// WithApplicationName is what pg_stat_activity shows, unless the URL says
// otherwise. Default: vistka.
func WithApplicationName(name string) Option {
	return func(c *pgxpool.Config) {
		if p := c.ConnConfig.RuntimeParams; p["application_name"] == applicationName {
			p["application_name"] = name
		}
	}
}

// WithMaxConns bounds the pool, over what the URL says.
func WithMaxConns(n int32) Option {
	return func(c *pgxpool.Config) { c.MaxConns = n }
}

// Open connects to the database at url and checks that it answers. The url may
// carry pgx's own parameters (pool_max_conns and the like); behind a pooler in
// transaction mode give default_query_exec_mode=cache_describe: then nothing is
// prepared on the server and no session settings are sent, which the pooler
// would refuse. Times are read in UTC. Returns the server's error; IsUnavailable
// tells whether trying again later can help.
func Open(ctx context.Context, url string, opts ...Option) (*pgxpool.Pool, error) {
	cfg, err := config(url, opts...)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		if isPoolersRefusal(err) {
			return nil, fmt.Errorf("open database %s: this is a pooler: add default_query_exec_mode=cache_describe to its url: %w", where(cfg), err)
		}
		return nil, fmt.Errorf("open database %s: %w", where(cfg), err)
	}
	return pool, nil
}

func config(url string, opts ...Option) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("parse database url: %w", err) // pgx leaves the password out
	}
	switch cfg.ConnConfig.DefaultQueryExecMode {
	case pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe:
	default: // they guess the types of arguments, or rely on the session from one round trip to the next
		return nil, errors.New("database url: this default_query_exec_mode does not serve: behind a pooler write cache_describe, else leave it out")
	}
	if !strings.Contains(url, "pool_max_conns") {
		cfg.MaxConns = maxConns
	}
	if cfg.ConnConfig.ConnectTimeout == 0 || !strings.Contains(url, "connect_timeout") {
		cfg.ConnConfig.ConnectTimeout = connectTimeout
	}
	cfg.MaxConnLifetime = maxConnLifetime
	cfg.MaxConnLifetimeJitter = lifetimeJitter
	cfg.MaxConnIdleTime = maxConnIdleTime
	params := cfg.ConnConfig.RuntimeParams
	if params["application_name"] == "" {
		params["application_name"] = applicationName
	}
	if params["timezone"] == "" {
		params["timezone"] = "UTC" // casts to date must not depend on the server's own
	}
	if _, set := params["idle_in_transaction_session_timeout"]; !set && !pooled(cfg) {
		params["idle_in_transaction_session_timeout"] = milliseconds(idleInTransaction)
	}
	cfg.AfterConnect = readTimesInUTC
	for _, o := range opts {
		o(cfg)
	}
	return cfg, nil
}

// pooled tells that the url was written for a pooler that gives each
// transaction another server connection.
func pooled(c *pgxpool.Config) bool {
	return c.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeCacheDescribe
}

func readTimesInUTC(_ context.Context, conn *pgx.Conn) error {
	m := conn.TypeMap()
	one := &pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}}
	m.RegisterType(one)
	m.RegisterType(&pgtype.Type{Name: "_timestamptz", OID: pgtype.TimestamptzArrayOID, Codec: &pgtype.ArrayCodec{ElementType: one}})
	return nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// where names a database without its password.
func where(c *pgxpool.Config) string {
	return fmt.Sprintf("%s at %s:%d", c.ConnConfig.Database, c.ConnConfig.Host, c.ConnConfig.Port)
}
