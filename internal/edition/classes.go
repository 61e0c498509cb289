package edition

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// errReplan says that an article or edition of the plan changed under it.
var errReplan = errors.New("the plan is out of date")

// plan is the classes of one pass with their editions, column by column as the
// page's statement takes them.
type plan struct {
	seen     []int64
	topics   []string
	locales  []string
	cadences []string
	editions []*int64 // nil: nothing wanted, only the mark moves
	months   []*time.Time

	editionIDs []int64
	least      int64   // the lowest mark
	withdrawn  []int64 // articles above it, in the order of id
}

// classes plans and moves the readers who are not special, one page a
// transaction. It returns how many classes there were.
func (r *run) classes(ctx context.Context) (int, error) {
	p, err := r.plan(ctx)
	if err != nil || len(p.seen) == 0 {
		return 0, err
	}
	for after := int64(math.MinInt64); ; {
		upto, err := r.upTo(ctx, after)
		if err != nil {
			return 0, err
		}
		switch err := r.movePage(ctx, p, after, upto); {
		case errors.Is(err, errReplan):
			return len(p.seen), nil
		case err != nil:
			return 0, fmt.Errorf("page after %d: %w", after, err)
		}
		if upto == math.MaxInt64 {
			return len(p.seen), nil
		}
		after = upto
	}
}

func (r *run) plan(ctx context.Context) (plan, error) {
	var p plan
	rows, err := r.s.DB.Query(ctx, r.pick(sqlClassesInstant, sqlClassesTimed), r.args(nil))
	if err != nil {
		return p, fmt.Errorf("classes: %w", err)
	}
	classes, err := pgx.CollectRows(rows, pgx.RowToStructByName[class])
	if err != nil || len(classes) == 0 {
		return p, err
	}
	articles, err := r.articles(ctx, r.s.DB, classes[0].SeenSeq)
	if err != nil {
		return p, err
	}
	p.least = classes[0].SeenSeq
	for _, a := range articles {
		if a.Withdrawn {
			p.withdrawn = append(p.withdrawn, a.ID)
		}
	}
	slices.Sort(p.withdrawn)
	for _, c := range classes {
		chosen := choose(articles, c.SeenSeq, r.head, c.Topics == nil, c.Chosen)
		if r.s.seam.choose != nil {
			chosen = r.s.seam.choose(chosen)
		}
		if err := r.addClass(ctx, &p, c, ids(chosen)); err != nil {
			return p, err
		}
	}
	return p, nil
}

func (r *run) addClass(ctx context.Context, p *plan, c class, articles []int64) error {
	var edition *int64
	var month *time.Time
	if len(articles) > 0 {
		id, m, err := r.upsertEdition(ctx, r.s.DB, c.Cadence, c.Locale, articles)
		if err != nil {
			return err
		}
		edition, month = &id, &m
		p.editionIDs = append(p.editionIDs, id)
	}
	topics := ""
	if c.Topics != nil {
		topics = *c.Topics
	}
	p.seen = append(p.seen, c.SeenSeq)
	p.topics = append(p.topics, topics)
	p.locales = append(p.locales, c.Locale)
	p.cadences = append(p.cadences, c.Cadence)
	p.editions = append(p.editions, edition)
	p.months = append(p.months, month)
	return nil
}

// articles reads those in (seen, head], withdrawn ones included.
func (r *run) articles(ctx context.Context, db postgres.DB, seen int64) ([]article, error) {
	rows, err := db.Query(ctx, sqlArticles, r.args(pgx.NamedArgs{"seen": seen}))
	if err != nil {
		return nil, fmt.Errorf("articles: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[article])
}

// upTo finds the last id of the page after an id: the range is fixed first,
// because joining a LIMIT back to the table costs several times the update.
func (r *run) upTo(ctx context.Context, after int64) (int64, error) {
	var upto int64
	err := r.s.DB.QueryRow(ctx, r.pick(sqlUpToInstant, sqlUpToTimed),
		r.args(pgx.NamedArgs{"after": after, "page": r.s.page()})).Scan(&upto)
	if errors.Is(err, pgx.ErrNoRows) {
		return math.MaxInt64, nil
	}
	if err != nil {
		return 0, fmt.Errorf("find page after %d: %w", after, err)
	}
	return upto, nil
}

func (r *run) movePage(ctx context.Context, p plan, after, upto int64) error {
	var moved, made int64
	err := postgres.InTx(ctx, r.s.DB, func(tx pgx.Tx) error {
		if err := r.lockFamily(ctx, tx); err != nil {
			return err
		}
		if err := r.stillWithdrawn(ctx, tx, p); err != nil {
			return err
		}
		stopped, err := r.shareEditions(ctx, tx, p.editionIDs)
		if err != nil {
			return err
		}
		err = tx.QueryRow(ctx, r.pick(sqlPageInstant, sqlPageTimed), r.args(pgx.NamedArgs{
			"after": after, "upto": upto, "seen": p.seen, "topics": p.topics, "locales": p.locales,
			"cadences": p.cadences, "editions": p.editions, "months": p.months,
		})).Scan(&moved, &made)
		if err != nil {
			return err
		}
		return r.finishPage(ctx, tx, stopped, made)
	})
	if err != nil {
		return err
	}
	r.result.Readers += moved
	r.result.Deliveries += made
	return nil
}

// stillWithdrawn compares the withdrawn articles with those of the plan: a page
// must neither bring one nor move a mark past one that was released again.
// Returns errReplan if they differ.
func (r *run) stillWithdrawn(ctx context.Context, tx pgx.Tx, p plan) error {
	rows, err := tx.Query(ctx, r.s.sql(sqlWithdrawn), r.args(pgx.NamedArgs{"seen": p.least}))
	if err != nil {
		return fmt.Errorf("withdrawn articles: %w", err)
	}
	now, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("withdrawn articles: %w", err)
	}
	if !slices.Equal(now, p.withdrawn) {
		return errReplan
	}
	return nil
}

// shareEditions holds editions against settling and cancelling until the page
// commits, and only then opens again those that were settled: asked in the
// other order, one could settle in between. It returns those that were
// cancelled or expired meanwhile, or errReplan if another edition takes over.
func (r *run) shareEditions(ctx context.Context, tx pgx.Tx, editions []int64) ([]int64, error) {
	if len(editions) == 0 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, sqlShareEditions, pgx.StrictNamedArgs{"editions": editions})
	if err != nil {
		return nil, fmt.Errorf("share editions: %w", err)
	}
	var stopped, settled []int64
	var id int64
	var state string
	var resume *time.Time
	var closed bool
	_, err = pgx.ForEachRow(rows, []any{&id, &state, &resume, &closed}, func() error {
		switch {
		case closed:
			return errReplan
		case state == "settled":
			settled = append(settled, id)
		case state != "cancelled" && state != "expired":
		case resume.After(r.now):
			stopped = append(stopped, id)
		default:
			return errReplan
		}
		return nil
	})
	if err != nil || len(settled) == 0 {
		return stopped, err
	}
	if _, err := tx.Exec(ctx, r.s.sql(sqlReopen), pgx.StrictNamedArgs{"editions": settled, "now": r.now}); err != nil {
		return nil, fmt.Errorf("open editions: %w", err)
	}
	return stopped, nil
}

// finishPage cancels what went into stopped editions, which owes it to their
// readers, and wakes the senders.
func (r *run) finishPage(ctx context.Context, tx pgx.Tx, stopped []int64, made int64) error {
	for _, id := range stopped {
		if _, err := r.s.cancelDeliveries(ctx, tx, id, r.now); err != nil {
			return err
		}
	}
	if made > 0 {
		if err := notify(ctx, tx); err != nil {
			return err
		}
	}
	if r.s.seam.page != nil {
		return r.s.seam.page()
	}
	return nil
}
