package account

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/jackc/pgx/v5"
)

// Attempt is one log-in as it arrives.
type Attempt struct {
	Address  string
	Password string
	IP       netip.Addr // zero if it cannot be known: then no limit per network
	Device   string     // what DeviceToken gave this browser at an earlier log-in, or ""
}

// Authenticate answers an attempt: the same statements and one argon2id hash
// whether the account exists or not. Returns ErrRefused, or ErrTooMany before
// any hash is made.
func (s *Service) Authenticate(ctx context.Context, t Attempt) (Account, error) {
	a, err := s.ByAddress(ctx, t.Address)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Account{}, err
	}
	known := err == nil && a.DisabledAt == nil
	limits := s.loginLimits(addressKey(t.Address), t.IP, s.deviceOf(t.Device, a.ID))
	if err := s.spend(ctx, limits); err != nil {
		return Account{}, err
	}
	hash := s.nobody
	if known {
		hash = a.PasswordHash
	}
	ok, err := s.matches(ctx, clip(t.Password), hash)
	if err != nil {
		return Account{}, err
	}
	if !ok || !known {
		return Account{}, ErrRefused
	}
	if err := s.refund(ctx, limits); err != nil {
		return Account{}, err
	}
	if _, err := s.DB.Exec(ctx, sqlSeen, pgx.StrictNamedArgs{"id": a.ID, "now": s.Clock.Now()}); err != nil {
		return Account{}, fmt.Errorf("note log-in of account %d: %w", a.ID, err)
	}
	return a, nil
}

// Reauthenticate asks a logged-in person for the password again, under the
// limits of a known device. Returns ErrRefused or ErrTooMany.
func (s *Service) Reauthenticate(ctx context.Context, id int64, password string) error {
	a, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	limits := []limit{{key: fmt.Sprintf("login:again:%d", id), most: perDevice}}
	if err := s.spend(ctx, limits); err != nil {
		return err
	}
	ok, err := s.matches(ctx, clip(password), a.PasswordHash)
	if err != nil {
		return err
	}
	if !ok || a.DisabledAt != nil {
		return ErrRefused
	}
	return s.refund(ctx, limits)
}

// clip bounds what is hashed; a longer password fits nothing anyway.
func clip(password string) string {
	if len(password) > 4*maxPassword {
		return password[:4*maxPassword]
	}
	return password
}
