package article

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/newsletter"
	"vistka/internal/postgres"
)

// Volume is how many mails a month each cadence would have brought, counted
// from what was released. Cadences are those of the newsletter package; one of
// which there was nothing has 0.
type Volume map[string]float64

const (
	volumeSpan  = 91 * day // a quarter: long enough to be fair, short enough to be true now
	volumeLeast = 14 * day // a shorter history promises nothing
	day         = 24 * time.Hour
	daysAMonth  = 30.44
)

// MonthlyVolume counts a newsletter's last three months for a reader of these
// topics, nil for everything. Days, weeks and months are counted back from now,
// so that none is cut in two. Returns nil where nothing was released a
// fortnight ago: there is no history to speak from.
func MonthlyVolume(ctx context.Context, db postgres.DB, newsletterID int64, topics []string, now time.Time) (Volume, error) {
	var first *time.Time
	var instant, daily, weekly, monthly float64
	err := db.QueryRow(ctx, sqlVolume, pgx.StrictNamedArgs{
		"newsletter": newsletterID, "topics": topics, "now": now, "since": now.Add(-volumeSpan),
	}).Scan(&first, &instant, &daily, &weekly, &monthly)
	if err != nil {
		return nil, fmt.Errorf("volume of newsletter %d: %w", newsletterID, err)
	}
	if first == nil || now.Sub(*first) < volumeLeast {
		return nil, nil
	}
	months := min(now.Sub(*first), volumeSpan).Hours() / 24 / daysAMonth
	return Volume{
		newsletter.Instant: instant / months, newsletter.Daily: daily / months,
		newsletter.Weekly: weekly / months, newsletter.Monthly: min(monthly/months, 1),
	}, nil
}

// maxTopics is how many a reader is offered: of a site's hundreds of tags the
// most used.
const maxTopics = 30

// Topics are those of a newsletter's articles that readers may choose from: the
// most used of the last year, in the order of letters.
func Topics(ctx context.Context, db postgres.DB, newsletterID int64, now time.Time) ([]string, error) {
	rows, err := db.Query(ctx, sqlTopics, pgx.StrictNamedArgs{
		"newsletter": newsletterID, "since": now.Add(-365 * day), "limit": maxTopics,
	})
	if err != nil {
		return nil, fmt.Errorf("topics of newsletter %d: %w", newsletterID, err)
	}
	topics, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("topics of newsletter %d: %w", newsletterID, err)
	}
	return topics, nil
}
