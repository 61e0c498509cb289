// Package app builds Vistka out of its parts, runs it and stops it in order.
// It is the one place where everything is known to everything.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/config"
	"vistka/internal/locale"
	"vistka/internal/mailer"
	"vistka/internal/postgres"
	"vistka/internal/postgres/private"
	"vistka/internal/token"
	"vistka/web"
)

// App is Vistka with its database open and its services built, running nothing.
type App struct {
	Config  config.Config
	Pool    *pgxpool.Pool
	Clock   *postgres.Clock
	Keys    *token.Keys
	Hasher  *token.Hasher
	Catalog *locale.Catalog
	Services

	log     *slog.Logger
	files   fs.FS
	relays  []mailer.RelayConfig
	private *private.Server // nil with a database of the operator's
	leaving *pgxpool.Pool   // connections for unsubscribing alone
}

// leavingConns keep one-click unsubscribe within its five seconds while jobs
// and senders hold every other connection.
const leavingConns = 2

// The settings that name a database.
const (
	databaseSetting = "VISTKA_DATABASE_URL"
	directSetting   = "VISTKA_DATABASE_DIRECT_URL"
)

// closeTimeout bounds the clean stop of the private Postgres.
const closeTimeout = 30 * time.Second

// Open connects to the database, or starts the private one, brings its schema
// up to date and builds the services. Close ends what it began.
func Open(ctx context.Context, cfg config.Config, log *slog.Logger) (*App, error) {
	return open(ctx, cfg, log, true)
}

// ErrBehind says that a database of the operator's is older than this binary.
var ErrBehind = errors.New("the database's schema is older than this version of Vistka: run vistka migrate")

// Attach is Open for what a person runs beside the service: it leaves the
// schema of an operator's database alone, since processes of an older version
// may be using it. Returns ErrBehind if the schema is not there yet.
func Attach(ctx context.Context, cfg config.Config, log *slog.Logger) (*App, error) {
	return open(ctx, cfg, log, cfg.DatabaseURL == "")
}

// devFiles is where --dev reads what is otherwise in the binary.
const devFiles = "web"

func open(ctx context.Context, cfg config.Config, log *slog.Logger, migrate bool) (*App, error) {
	a := &App{Config: cfg, log: log, files: web.FS}
	if cfg.Dev {
		a.files = os.DirFS(devFiles)
	}
	if err := a.open(ctx, migrate); err != nil {
		return nil, errors.Join(dataDirError(cfg.DataDir, err), a.Close())
	}
	return a, nil
}

// inCheckout says what to do where the files that --dev reads are not.
func inCheckout() error {
	const words = "locales/en.toml"
	if _, err := os.Stat(filepath.Join(devFiles, filepath.FromSlash(words))); err == nil {
		return nil
	}
	dir, err := filepath.Abs(devFiles)
	if err != nil {
		dir = devFiles
	}
	return fmt.Errorf("--dev reads words, templates and styles from %s, and there is no %s in it: start Vistka in a checkout of its source, or leave --dev (VISTKA_DEV) out", dir, words)
}

func (a *App) open(ctx context.Context, migrate bool) error {
	for _, raw := range strings.Fields(a.Config.SMTPURL) {
		relay, err := mailer.ParseRelayURL(raw)
		if err != nil {
			return fmt.Errorf("VISTKA_SMTP_URL: %w", err)
		}
		if relay.HELO == "" {
			relay.HELO = a.Config.Host()
		}
		a.relays = append(a.relays, relay)
	}
	if a.Config.Dev {
		if err := inCheckout(); err != nil {
			return err
		}
	}
	var err error
	if a.Catalog, err = locale.Load(a.files); err != nil {
		return err
	}
	url := a.Config.DatabaseURL
	if url == "" {
		// It makes the data directory too: its own user may have to pass through.
		if a.private, err = private.Start(ctx, private.Options{DataDir: a.Config.DataDir, Log: a.log}); err != nil {
			return err
		}
		url = a.private.URL()
	} else if err := os.MkdirAll(a.Config.DataDir, 0o700); err != nil {
		return err
	}
	if a.Keys, err = loadKeys(a.Config.SecretKey, a.Config.DataDir); err != nil {
		return err
	}
	if migrate {
		if err := a.migrate(ctx, url); err != nil {
			return err
		}
	}
	if a.Pool, err = postgres.Open(ctx, url); err != nil {
		return databaseError(databaseSetting, err)
	}
	if a.leaving, err = postgres.Open(ctx, url, postgres.WithMaxConns(leavingConns)); err != nil {
		return databaseError(databaseSetting, err)
	}
	if pending, err := postgres.Pending(ctx, a.Pool); err != nil {
		return fmt.Errorf("open database: %w", err)
	} else if pending > 0 {
		return ErrBehind
	}
	if a.Clock, err = postgres.NewClock(ctx, a.Pool); err != nil {
		return err
	}
	if a.Hasher, err = bindKeys(ctx, a.Pool, a.Keys); err != nil {
		return err
	}
	return a.build()
}

// migrate goes round a pooler where there is one: migrations take session locks.
func (a *App) migrate(ctx context.Context, url string) error {
	setting := databaseSetting
	if a.Config.DatabaseDirectURL != "" {
		url, setting = a.Config.DatabaseDirectURL, directSetting
	}
	pool, err := postgres.Open(ctx, url)
	if err != nil {
		return databaseError(setting, err)
	}
	defer pool.Close()
	return postgres.Migrate(ctx, pool, a.log)
}

// Close ends the connections and then the private Postgres, if it is ours.
func (a *App) Close() error {
	for _, pool := range []*pgxpool.Pool{a.leaving, a.Pool} {
		if pool != nil {
			pool.Close()
		}
	}
	if a.private == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return a.private.Stop(ctx)
}

func namedNow(now time.Time, stale time.Duration) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{"now": now, "stale": stale}
}
