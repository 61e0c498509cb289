package subscriber

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/postgres"
	"vistka/internal/suppression"
)

// Erase removes a person: subscriptions, sign-ups, notices, changes of address,
// and what identifies them beside consent events. What stays is a keyed hash: on the
// suppression list, so that they are not mailed or imported again, and in the
// events, which prove that there was consent. Deliveries keep a number that no
// longer leads to anybody. It reports whether anything was stored.
func (s *Service) Erase(ctx context.Context, db postgres.DB, a emailaddr.Address) (bool, error) {
	known := false
	err := postgres.InTx(ctx, db, func(tx pgx.Tx) (err error) {
		known, err = s.erase(ctx, tx, a, func() error { return nil })
		return err
	})
	if err != nil {
		return false, fmt.Errorf("erase person: %w", err)
	}
	return known, nil
}

// erase is Erase, unless may, which is asked once the person is locked, returns an error.
func (s *Service) erase(ctx context.Context, tx pgx.Tx, a emailaddr.Address, may func() error) (known bool, err error) {
	now, hash := s.Clock.Now(), s.hash(a)
	type step struct {
		sql  string
		args pgx.StrictNamedArgs
	}
	run := func(steps ...step) error {
		for _, step := range steps {
			tag, err := tx.Exec(ctx, step.sql, step.args)
			if err != nil {
				return err
			}
			known = known || tag.RowsAffected() > 0
		}
		return nil
	}
	// The sign-ups and the lock come first: whoever confirms, leaves or moves to
	// this address at this moment has written all of it before it is read here.
	err = run(
		step{eraseSignups, pgx.StrictNamedArgs{"key": a.Key()}},
		step{lockPerson, pgx.StrictNamedArgs{"key": a.Key()}},
	)
	if err != nil {
		return known, err
	}
	if err := may(); err != nil {
		return known, err
	}
	former, err := formerHashesOf(ctx, tx, a)
	if err != nil {
		return known, err
	}
	err = run(
		step{eraseFormerSignups, pgx.StrictNamedArgs{"key": a.Key()}},
		step{recordErasure, pgx.StrictNamedArgs{"key": a.Key(), "hash": hash, "now": now}},
		step{eraseEvidence, pgx.StrictNamedArgs{"hash": hash}},
		step{eraseChangeNotices, pgx.StrictNamedArgs{"key": a.Key()}},
		step{eraseNotices, pgx.StrictNamedArgs{"address": a.String(), "key": a.Key()}},
		step{eraseChanges, pgx.StrictNamedArgs{"key": a.Key()}},
		step{eraseSubscriber, pgx.StrictNamedArgs{"key": a.Key()}},
	)
	if err != nil {
		return known, err
	}
	for _, h := range append(former, hash) {
		if err := suppression.Add(ctx, tx, h, suppression.Erased, "", now); err != nil {
			return known, err
		}
	}
	return known, nil
}

// formerHashesOf are the hashes of the addresses that mail came to before, as
// far as they are nobody else's now.
func formerHashesOf(ctx context.Context, db postgres.DB, a emailaddr.Address) ([][]byte, error) {
	rows, err := db.Query(ctx, formerHashes, pgx.StrictNamedArgs{"key": a.Key()})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[[]byte])
}
