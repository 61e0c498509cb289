// Package suppression owns the addresses that are never mailed, and why. They
// are kept by keyed hash only, so that an erased person stays suppressed
// without being stored.
package suppression

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// Reason says why an address is suppressed. The stronger reason stays when a
// second one arrives.
type Reason string

const (
	HardBounce Reason = "hard bounce" // the mailbox does not exist
	// Repeated: its server refused mail on several days.
	Repeated   Reason = "repeated bounces"
	SpamReport Reason = "spam report" // the reader pressed the spam button
	ByHand     Reason = "by hand"     // a person in the admin pages
	Erased     Reason = "erased"      // asked to be forgotten; a new double opt-in lifts it
	NotMe      Reason = "not me"      // asked for no more confirmations; an existing subscription stays
)

// StopsEditions reports whether a subscriber with this reason gets no
// editions either. "Not me" stops confirmations only.
func (r Reason) StopsEditions() bool { return r != NotMe && r != "" }

// StopsConfirmation reports whether a new sign-up is answered with silence.
// An erased person may come back by a fresh double opt-in.
func (r Reason) StopsConfirmation() bool { return r != Erased && r != "" }

// Add suppresses an address by its hash (token.Hasher over emailaddr's Key).
// An address already there keeps the reason that weighs more: by hand, spam
// report, hard bounce, repeated bounces, not me, erased.
func Add(ctx context.Context, db postgres.DB, hash []byte, reason Reason, detail string, now time.Time) error {
	_, err := db.Exec(ctx, add, pgx.StrictNamedArgs{"hash": hash, "reason": string(reason), "detail": detail, "now": now})
	if err != nil {
		return fmt.Errorf("suppress for %s: %w", reason, err)
	}
	return nil
}

// Has returns the reason an address is suppressed, empty if it is not.
func Has(ctx context.Context, db postgres.DB, hash []byte) (Reason, error) {
	var reason Reason
	if err := db.QueryRow(ctx, has, pgx.StrictNamedArgs{"hash": hash}).Scan(&reason); err != nil {
		return "", fmt.Errorf("look up suppression: %w", err)
	}
	return reason, nil
}

// HasAny is Has for many: the reasons of those that are suppressed, by hash.
func HasAny(ctx context.Context, db postgres.DB, hashes [][]byte) (map[string]Reason, error) {
	found := map[string]Reason{}
	rows, err := db.Query(ctx, hasAny, pgx.StrictNamedArgs{"hashes": hashes})
	if err != nil {
		return nil, fmt.Errorf("look up suppressions: %w", err)
	}
	var hash []byte
	var reason Reason
	_, err = pgx.ForEachRow(rows, []any{&hash, &reason}, func() error {
		found[string(hash)] = reason
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look up suppressions: %w", err)
	}
	return found, nil
}

// Remove lifts a suppression if it stands for one of reasons, for any where
// none is named. It reports whether one was lifted.
func Remove(ctx context.Context, db postgres.DB, hash []byte, reasons ...Reason) (bool, error) {
	names := make([]string, len(reasons))
	for i, r := range reasons {
		names[i] = string(r)
	}
	tag, err := db.Exec(ctx, remove, pgx.StrictNamedArgs{"hash": hash, "reasons": names})
	if err != nil {
		return false, fmt.Errorf("lift suppression: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}
