package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/postgres"
)

const maxName = 100 // characters

// NewAccount is what a person types to become one.
type NewAccount struct {
	Address  string
	Name     string
	Password string
	Role     Role
	Locale   string
	Hotline  bool
	By       int64 // the account that adds it; 0: the command line
}

// Create adds an account and leaves it in the trail. Returns FieldErrors (address, name, password, role)
// for what a person can mend, also for an address that has an account.
func (s *Service) Create(ctx context.Context, n NewAccount) (Account, error) {
	return s.create(ctx, n, func(ctx context.Context, tx postgres.DB, args pgx.StrictNamedArgs) (Account, error) {
		made, err := insert(ctx, tx, args)
		if err != nil {
			return Account{}, err
		}
		e := Event{At: s.Clock.Now(), AccountID: n.By, Act: "account.add", Object: made.object(), Detail: map[string]any{"role": n.Role, "hotline": n.Hotline}}
		return made, Record(ctx, tx, e)
	})
}

func (s *Service) create(ctx context.Context, n NewAccount, put func(context.Context, postgres.DB, pgx.StrictNamedArgs) (Account, error)) (Account, error) {
	addr, errs := n.check()
	if len(errs) > 0 {
		return Account{}, errs
	}
	// Hashed before the transaction: it takes a tenth of a second and a turn.
	hash, err := s.hash(ctx, n.Password)
	if err != nil {
		return Account{}, err
	}
	var made Account
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		var err error
		made, err = put(ctx, tx, pgx.StrictNamedArgs{
			"address": addr.String(), "address_key": addr.Key(), "name": strings.TrimSpace(n.Name), "password_hash": hash,
			"role": n.Role, "hotline": n.Hotline, "locale": n.Locale, "now": s.Clock.Now(),
		})
		return err
	})
	if err != nil {
		var fields FieldErrors
		if errors.As(err, &fields) {
			return Account{}, fields
		}
		return Account{}, fmt.Errorf("create account: %w", err)
	}
	return made, nil
}

func (n NewAccount) check() (emailaddr.Address, FieldErrors) {
	errs := FieldErrors{}
	addr, err := emailaddr.Parse(n.Address)
	if err != nil {
		errs["address"] = "account.error.address"
	}
	name := strings.TrimSpace(n.Name)
	if name == "" {
		errs["name"] = "account.error.name.empty"
	} else if utf8.RuneCountInString(name) > maxName {
		errs["name"] = "account.error.name.long"
	}
	if key := CheckPassword(n.Password, n.Address, name); key != "" {
		errs["password"] = key
	}
	if rank(n.Role) == 0 {
		errs["role"] = "account.error.role"
	}
	return addr, errs
}

func insert(ctx context.Context, db postgres.DB, args pgx.StrictNamedArgs) (Account, error) {
	rows, err := db.Query(ctx, sqlInsert, args)
	if err != nil {
		return Account{}, err
	}
	a, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Account])
	if errors.Is(err, pgx.ErrNoRows) {
		return Account{}, FieldErrors{"address": "account.error.taken.address"}
	}
	return a, err
}
