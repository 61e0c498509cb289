package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
	"vistka/internal/token"
)

// SetupToken is the last part of the one-time set-up link. Nothing is stored:
// it is an HMAC and void as soon as there is an owner. Returns ErrSetUp then.
func (s *Service) SetupToken(ctx context.Context) (string, error) {
	if err := s.mustHaveNoOwner(ctx, s.DB); err != nil {
		return "", err
	}
	return s.Keys.Sign(token.Setup, nil), nil
}

// VerifySetup checks a set-up link. Returns ErrSetUp if there is an owner,
// token.ErrInvalid if the link is not ours.
func (s *Service) VerifySetup(ctx context.Context, tok string) error {
	if _, err := s.Keys.Verify(token.Setup, tok); err != nil {
		return err
	}
	return s.mustHaveNoOwner(ctx, s.DB)
}

// SetUp creates the first owner. Of two posts at once one wins;
// the other gets ErrSetUp. Returns FieldErrors and token.ErrInvalid too.
func (s *Service) SetUp(ctx context.Context, tok string, n NewAccount) (Account, error) {
	if err := s.VerifySetup(ctx, tok); err != nil {
		return Account{}, err
	}
	n.Role, n.Hotline = Owner, true
	a, err := s.create(ctx, n, func(ctx context.Context, tx postgres.DB, args pgx.StrictNamedArgs) (Account, error) {
		if _, err := tx.Exec(ctx, sqlLock); err != nil {
			return Account{}, err
		}
		if err := s.mustHaveNoOwner(ctx, tx); err != nil {
			return Account{}, err
		}
		made, err := insert(ctx, tx, args)
		if err != nil {
			return Account{}, err
		}
		return made, Record(ctx, tx, Event{At: s.Clock.Now(), AccountID: made.ID, Act: "setup", Object: made.object()})
	})
	if errors.Is(err, ErrSetUp) {
		return Account{}, ErrSetUp
	}
	return a, err
}

func (s *Service) mustHaveNoOwner(ctx context.Context, db postgres.DB) error {
	var owned bool
	if err := db.QueryRow(ctx, sqlEverOwner).Scan(&owned); err != nil {
		return fmt.Errorf("look for an owner: %w", err)
	}
	if owned {
		return ErrSetUp
	}
	return nil
}
