package newsletter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"vistka/internal/postgres"
)

// Add makes a newsletter and returns it as stored. family is the slug of a
// newsletter that this one translates; empty: a family of its own. Returns
// FieldErrors if what was filled in does not do.
func Add(ctx context.Context, db postgres.DB, n Newsletter, family string, now time.Time) (Newsletter, error) {
	n = n.tidy()
	errs, err := n.wrong(ctx, db, family)
	if err != nil {
		return n, fmt.Errorf("check newsletter %q: %w", n.Slug, err)
	}
	if len(errs) > 0 {
		return n, errs
	}
	var out Newsletter
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		familyID, err := familyOf(ctx, tx, family)
		if err != nil {
			return err
		}
		args := n.args()
		args["family_id"], args["now"] = familyID, now
		out, err = one(ctx, tx, insert, args)
		return asFieldError(err)
	})
	if err != nil {
		return n, fmt.Errorf("add newsletter %q: %w", n.Slug, err)
	}
	return out, nil
}

// Update saves what a person filled in, by n.ID, and returns it as stored; the
// family, the slug (it is in List-Id and in forms on sites) and LastSeq stay. Returns FieldErrors or ErrNotFound.
func Update(ctx context.Context, db postgres.DB, n Newsletter) (Newsletter, error) {
	n = n.tidy()
	errs, err := n.wrong(ctx, db, "")
	if err != nil {
		return n, fmt.Errorf("check newsletter %d: %w", n.ID, err)
	}
	if len(errs) > 0 {
		return n, errs
	}
	args := n.args()
	args["id"] = n.ID
	delete(args, "slug")
	var out Newsletter
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) (err error) {
		out, err = one(ctx, tx, update, args)
		return asFieldError(err)
	})
	if err != nil {
		return n, fmt.Errorf("update newsletter %d: %w", n.ID, err)
	}
	return out, nil
}

// wrong is all that is wrong at once, with what only the database can tell. The
// keys of its tables hold all the same, for what is saved meanwhile: see asFieldError.
func (n Newsletter) wrong(ctx context.Context, db postgres.DB, family string) (FieldErrors, error) {
	errs := n.check()
	var zone, taken, related bool
	err := db.QueryRow(ctx, known, pgx.StrictNamedArgs{"id": n.ID, "timezone": n.Timezone, "slug": n.Slug, "family": family}).Scan(&zone, &taken, &related)
	if err != nil {
		return nil, err
	}
	for _, c := range []struct {
		bad        bool
		field, key string
	}{{!zone, "timezone", keyTimezone}, {taken, "slug", keySlugTaken}, {!related, "family", keyFamily}} {
		if c.bad && errs[c.field] == "" {
			errs[c.field] = c.key
		}
	}
	return errs, nil
}

func familyOf(ctx context.Context, tx pgx.Tx, slug string) (id int64, err error) {
	if slug == "" {
		err = tx.QueryRow(ctx, newFamily).Scan(&id)
		return id, err
	}
	err = tx.QueryRow(ctx, familyBySlug, pgx.StrictNamedArgs{"slug": slug}).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, FieldErrors{"family": keyFamily}
	}
	return id, err
}

// asFieldError turns what only the database can know into an error of a field.
func asFieldError(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	switch pg.ConstraintName {
	case "newsletter_slug_key":
		return FieldErrors{"slug": keySlugTaken}
	case "newsletter_timezone_fkey":
		return FieldErrors{"timezone": keyTimezone}
	}
	return err
}

func (n Newsletter) args() pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{
		"slug": n.Slug, "name": n.Name, "description": n.Description, "language": n.Language, "from_name": n.FromName,
		"from_address": n.FromAddress, "reply_to": n.ReplyTo, "postal_address": n.PostalAddress, "site_url": n.SiteURL,
		"privacy_url": n.PrivacyURL, "logo_url": n.LogoURL, "accent": n.Accent, "origins": n.Origins, "thanks": n.Thanks,
		"default_cadence": n.DefaultCadence, "timezone": n.Timezone, "hour": n.Hour, "grace": n.Grace, "late": n.Late,
		"wait": n.Wait, "welcome": n.Welcome, "stop_notice": n.StopNotice, "public_archive": n.PublicArchive,
	}
}
