package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// SetLocale remembers the language an account reads the admin pages in.
func (s *Service) SetLocale(ctx context.Context, id int64, code string) error {
	_, err := s.DB.Exec(ctx, sqlSetLocale, pgx.StrictNamedArgs{"id": id, "locale": code})
	if err != nil {
		return fmt.Errorf("set locale of account %d: %w", id, err)
	}
	return nil
}

// SetHotline gives an account the hotline right or takes it away, at once, and
// leaves it in the trail: by is who did it, 0 the command line. Returns ErrNotFound.
func (s *Service) SetHotline(ctx context.Context, id int64, on bool, by int64) error {
	err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sqlSetHotline, pgx.StrictNamedArgs{"id": id, "hotline": on})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrNotFound
		}
		return Record(ctx, tx, Event{
			At: s.Clock.Now(), AccountID: by, Act: "account.hotline", Object: Account{ID: id}.object(), Detail: map[string]any{"hotline": on},
		})
	})
	if errors.Is(err, ErrNotFound) {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("set hotline right of account %d: %w", id, err)
	}
	return nil
}

// SetPassword changes a password, thereby ends every session begun with the old
// one, and leaves it in the trail: by is who did it, 0 the command line. Returns
// FieldErrors (password) or ErrNotFound.
func (s *Service) SetPassword(ctx context.Context, id int64, password string, by int64) error {
	a, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	if key := CheckPassword(password, a.Address, a.Name); key != "" {
		return FieldErrors{"password": key}
	}
	hash, err := s.hash(ctx, password)
	if err != nil {
		return err
	}
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlSetPassword, pgx.StrictNamedArgs{"id": id, "hash": hash}); err != nil {
			return err
		}
		return Record(ctx, tx, Event{At: s.Clock.Now(), AccountID: by, Act: "account.password", Object: a.object()})
	})
	if err != nil {
		return fmt.Errorf("set password of account %d: %w", id, err)
	}
	return nil
}

// Disable ends an account's access at once; its trail stays, and says by whom
// (0: the command line). Returns ErrLastOwner, or ErrNotFound also for one that
// is disabled.
func (s *Service) Disable(ctx context.Context, id, by int64) error {
	err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlLock); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, sqlDisable, pgx.StrictNamedArgs{"id": id, "now": s.Clock.Now()})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrNotFound
		}
		var owner bool
		if err := tx.QueryRow(ctx, sqlAnyOwner).Scan(&owner); err != nil {
			return err
		}
		if !owner {
			return ErrLastOwner
		}
		return Record(ctx, tx, Event{At: s.Clock.Now(), AccountID: by, Act: "account.disable", Object: Account{ID: id}.object()})
	})
	for _, known := range []error{ErrNotFound, ErrLastOwner} {
		if errors.Is(err, known) {
			return known
		}
	}
	if err != nil {
		return fmt.Errorf("disable account %d: %w", id, err)
	}
	return nil
}
