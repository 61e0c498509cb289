package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"golang.org/x/sync/errgroup"

	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
	"vistka/migrations"
)

func openEmpty(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func TestMigrateByManyAtOnceWithPoolsOfOne(t *testing.T) {
	t.Parallel()
	raw := pgtest.Empty(t)
	for _, params := range []string{"pool_max_conns=1", "pool_max_conns=1&default_query_exec_mode=cache_describe"} {
		var g errgroup.Group
		for range 3 {
			pool := openEmpty(t, with(t, raw, params))
			g.Go(func() error { return postgres.Migrate(t.Context(), pool, nil) })
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	pool := openEmpty(t, raw)
	if n, err := postgres.Pending(t.Context(), pool); err != nil || n != 0 {
		t.Errorf("%d steps pending, %v", n, err)
	}
	var applied, distinct int
	if err := pool.QueryRow(t.Context(), "SELECT count(*), count(DISTINCT version_id) FROM goose_db_version").Scan(&applied, &distinct); err != nil || applied != distinct {
		t.Errorf("%d steps taken of %d, %v", applied, distinct, err)
	}
}

func TestVersionOfAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	pool := openEmpty(t, pgtest.Empty(t))
	v, err := postgres.Version(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	if v.Have != 0 || v.RiverHave != 0 || v.Want == 0 || v.RiverWant == 0 || v.Newer() {
		t.Errorf("version %+v", v)
	}
	if got, least := v.Pending(), int(v.RiverWant)+1; got < least {
		t.Errorf("%d steps pending, want at least %d", got, least)
	}
}

func TestNewerDatabaseIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]string{
		"ours":      "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)",
		"job queue": "INSERT INTO river.river_migration (line, version) VALUES ('main', 9999)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			if _, err := pool.Exec(t.Context(), ahead); err != nil {
				t.Fatal(err)
			}
			err := postgres.Migrate(t.Context(), pool, nil)
			if !errors.Is(err, postgres.ErrNewer) || !strings.Contains(err.Error(), "9999") {
				t.Errorf("Migrate: %v, want %v naming the version", err, postgres.ErrNewer)
			}
			if _, err := postgres.Pending(t.Context(), pool); !errors.Is(err, postgres.ErrNewer) {
				t.Errorf("Pending: %v, want %v", err, postgres.ErrNewer)
			}
		})
	}
}

func TestMigrateFinishesWhatWasCutShort(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	if _, err := pool.Exec(t.Context(), "DROP SCHEMA river CASCADE"); err != nil {
		t.Fatal(err)
	}
	if n, err := postgres.Pending(t.Context(), pool); err != nil || n == 0 {
		t.Errorf("without the job queue's tables %d steps are pending, %v", n, err)
	}
	if err := postgres.Migrate(t.Context(), pool, nil); err != nil {
		t.Fatal(err)
	}
	if n, err := postgres.Pending(t.Context(), pool); err != nil || n != 0 {
		t.Errorf("%d steps pending, %v", n, err)
	}
}

// Sentences stored before they had keys are read in every language; a person's own words stay.
func TestStoredSentencesBecomeKeys(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.DownTo(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	const filled = `
WITH f AS (INSERT INTO family DEFAULT VALUES RETURNING id),
n AS (INSERT INTO newsletter (family_id, slug, name, language, from_name, from_address)
      SELECT id, 'news', 'News', 'en', 'News', 'news@example.org' FROM f RETURNING id),
s AS (INSERT INTO story SELECT FROM generate_series(1, 2) RETURNING id)
INSERT INTO article (newsletter_id, story_id, url, title, first_seen_at, updated_at, state, reason)
SELECT n.id, s.id, '', 'T', now(), now(), 'held', (ARRAY['Held by an editor.', 'Wait for the lawyer.'])[row_number() OVER (ORDER BY s.id)]
FROM n, s`
	if _, err := pool.Exec(t.Context(), filled); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), "INSERT INTO feed (url, next_poll_at, problem) VALUES ('a', now(), ''), ('b', now(), 'It is away.')"); err != nil {
		t.Fatal(err)
	}
	if err := postgres.Migrate(t.Context(), pool, nil); err != nil {
		t.Fatal(err)
	}
	var got string
	err = pool.QueryRow(t.Context(), `
SELECT (SELECT string_agg(reason::text, ' ' ORDER BY id) FROM article) || (SELECT string_agg(coalesce(problem::text, 'none'), ' ' ORDER BY url) FROM feed)`).Scan(&got)
	want := `{"key": "article.reason.held_by_hand"} {"key": "reason.words", "name": "Wait for the lawyer."}none {"key": "reason.words", "name": "It is away."}`
	if err != nil || got != want {
		t.Errorf("reasons are %s, %v\nwant %s", got, err, want)
	}
}

// Each step can be taken back and taken again.
func TestMigrationsGoDownAndUp(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.DownTo(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	var left int
	const count = `
SELECT count(*)
FROM pg_class
WHERE relnamespace = 'public'::regnamespace
  AND relkind IN ('r', 'p', 'v', 'm', 'S')
  AND relname NOT LIKE 'goose_db_version%'`
	if err := pool.QueryRow(t.Context(), count).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d tables and sequences are left after the way down, %v", left, err)
	}
	if err := postgres.Migrate(t.Context(), pool, nil); err != nil {
		t.Fatal(err)
	}
}
