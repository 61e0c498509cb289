// Package newsletter owns what one subscribes to: a name, a language, a
// sender, a schedule, and the sites whose forms may lead to it.
package newsletter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// ErrNotFound says that there is no such newsletter.
var ErrNotFound = errors.New("newsletter: not found")

// Cadences, most frequent first.
const (
	Instant = "instant"
	Daily   = "daily"
	Weekly  = "weekly"
	Monthly = "monthly"
)

// Cadences lists them, most frequent first.
func Cadences() []string { return []string{Instant, Daily, Weekly, Monthly} }

// Newsletter is one row. Add and Update take what a person fills in; ids,
// LastSeq and times are the database's.
type Newsletter struct {
	ID             int64             `db:"id"`
	FamilyID       int64             `db:"family_id"`
	Slug           string            `db:"slug"`
	Name           string            `db:"name"`
	Description    string            `db:"description"`
	Language       string            `db:"language"`
	FromName       string            `db:"from_name"`
	FromAddress    string            `db:"from_address"`
	ReplyTo        string            `db:"reply_to"`
	PostalAddress  string            `db:"postal_address"`
	SiteURL        string            `db:"site_url"`
	PrivacyURL     string            `db:"privacy_url"`
	LogoURL        string            `db:"logo_url"`
	Accent         string            `db:"accent"`  // #rrggbb, lower case
	Origins        []string          `db:"origins"` // scheme://host[:port]
	Thanks         map[string]string `db:"thanks"`  // the site's own words after sign-up, by language
	DefaultCadence string            `db:"default_cadence"`
	Timezone       string            `db:"timezone"` // IANA name
	Hour           int16             `db:"hour"`     // local hour of digests, 0 to 23
	Grace          time.Duration     `db:"grace"`
	Late           time.Duration     `db:"late"`
	Wait           time.Duration     `db:"wait"`
	Welcome        bool              `db:"welcome"`
	PublicArchive  bool              `db:"public_archive"` // what was mailed stands under /archive/ for everybody
	StopNotice     bool              `db:"stop_notice"`    // editors are mailed a link that holds an article in its grace time
	LastSeq        int64             `db:"last_seq"`
	CreatedAt      time.Time         `db:"created_at"`
	ArchivedAt     *time.Time        `db:"archived_at"`
}

// New returns a newsletter with every default set, for a form or a command to
// fill in. Grace, Late, Wait and Hour may be zero and mean it; so a
// Newsletter made by hand has no grace time.
func New() Newsletter {
	return Newsletter{
		Language: "en", Accent: "#1f3a68", DefaultCadence: Instant, Timezone: "UTC", Hour: 8, Welcome: true, StopNotice: true, PublicArchive: true,
		Grace: 10 * time.Minute, Late: 6 * time.Hour, Wait: 12 * time.Hour,
	}
}

// Get returns a newsletter by id, ErrNotFound if there is none.
func Get(ctx context.Context, db postgres.DB, id int64) (Newsletter, error) {
	n, err := one(ctx, db, get, pgx.StrictNamedArgs{"id": id})
	if err != nil {
		return n, fmt.Errorf("newsletter %d: %w", id, err)
	}
	return n, nil
}

// BySlug returns a newsletter by its slug, archived ones too, ErrNotFound if
// there is none.
func BySlug(ctx context.Context, db postgres.DB, slug string) (Newsletter, error) {
	n, err := one(ctx, db, bySlug, pgx.StrictNamedArgs{"slug": slug})
	if err != nil {
		return n, fmt.Errorf("newsletter %q: %w", slug, err)
	}
	return n, nil
}

// List returns the newsletters by family and name, the archived last.
func List(ctx context.Context, db postgres.DB) ([]Newsletter, error) {
	rows, err := db.Query(ctx, list)
	if err != nil {
		return nil, fmt.Errorf("list newsletters: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Newsletter])
	if err != nil {
		return nil, fmt.Errorf("list newsletters: %w", err)
	}
	return out, nil
}

// OriginListed reports whether origin, as a browser sends it, is a site of any
// newsletter that takes sign-ups.
func OriginListed(ctx context.Context, db postgres.DB, origin string) (listed bool, err error) {
	canonical, ok := canonicalOrigin(origin)
	if !ok {
		return false, nil
	}
	if err := db.QueryRow(ctx, originListed, pgx.StrictNamedArgs{"origin": canonical}).Scan(&listed); err != nil {
		return false, fmt.Errorf("look for origin: %w", err)
	}
	return listed, nil
}

// Archive closes a newsletter to sign-ups and mailing; what it mailed stays.
// Archiving twice is the same. Returns ErrNotFound if there is none.
func Archive(ctx context.Context, db postgres.DB, id int64, now time.Time) error {
	tag, err := db.Exec(ctx, archive, pgx.StrictNamedArgs{"id": id, "now": now})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("archive newsletter %d: %w", id, err)
	}
	return nil
}

func one(ctx context.Context, db postgres.DB, sql string, args pgx.StrictNamedArgs) (Newsletter, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return Newsletter{}, err
	}
	n, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Newsletter])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	return n, err
}
