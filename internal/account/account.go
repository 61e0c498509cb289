// Package account owns the people who work in the admin pages: their
// passwords (argon2id, RFC 9106), roles, the one-time set-up link of the first
// start, the limits on guessing, and the trail of what was done. Sessions are
// kept by the admin pages; Stamp ties one to the password it began with.
package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/semaphore"

	"vistka/internal/emailaddr"
	"vistka/internal/postgres"
	"vistka/internal/token"
)

// Role says what an account may do. Each role may do all that the one below it may.
type Role string

const (
	Viewer Role = "viewer" // reads everything but the hotline
	Editor Role = "editor" // decides about articles, editions and subscribers, exports
	Owner  Role = "owner"  // newsletters, feeds, accounts
)

// Roles lists them from the least to the most.
func Roles() []Role { return []Role{Viewer, Editor, Owner} }

// Allows says whether r may do what needs the role need. An unknown role may
// do nothing, and nothing is allowed by an unknown need.
func (r Role) Allows(need Role) bool { return rank(need) > 0 && rank(r) >= rank(need) }

func rank(r Role) int {
	for i, known := range Roles() {
		if r == known {
			return i + 1
		}
	}
	return 0
}

var (
	// ErrNotFound says that there is no such account.
	ErrNotFound = errors.New("account not found")
	// ErrRefused says that address and password do not fit together, whichever of them is wrong.
	ErrRefused = errors.New("log-in refused")
	// ErrTooMany says that the limit on guessing is reached; LimitSpan later it is open again.
	ErrTooMany = errors.New("too many log-ins")
	// ErrSetUp says that there is an owner, so the set-up link is void.
	ErrSetUp = errors.New("already set up")
	// ErrLastOwner says that the act would leave nobody who may manage accounts.
	ErrLastOwner = errors.New("last owner")
)

// FieldErrors maps a form field to the locale key of what is wrong with it.
type FieldErrors map[string]string

func (e FieldErrors) Error() string { return fmt.Sprintf("invalid fields: %v", map[string]string(e)) }

// Account is a person who works in the admin pages.
type Account struct {
	ID           int64      `db:"id"`
	Address      string     `db:"address"`
	Name         string     `db:"name"`
	PasswordHash string     `db:"password_hash"`
	Role         Role       `db:"role"`
	Hotline      bool       `db:"hotline"`
	Locale       string     `db:"locale"`
	CreatedAt    time.Time  `db:"created_at"`
	SeenAt       *time.Time `db:"seen_at"`
	DisabledAt   *time.Time `db:"disabled_at"`
}

// Stamp changes with the password: a session that holds another one is over.
func (a Account) Stamp() string {
	sum := sha256.Sum256([]byte("vistka session " + a.PasswordHash))
	return hex.EncodeToString(sum[:16])
}

// Service keeps accounts.
type Service struct {
	DB     postgres.DB
	Keys   *token.Keys
	Hasher *token.Hasher
	Clock  *postgres.Clock

	hashing *semaphore.Weighted
	memory  uint32 // KiB that a hash takes
	nobody  string // the hash of a password nobody knows, compared when there is no account
}

// Option changes a Service that New makes.
type Option func(*Service)

// WithHashMemory makes passwords cheap to hash, and to guess: for tests, which log
// in by the hundred. In KiB.
func WithHashMemory(kib uint32) Option { return func(s *Service) { s.memory = kib } }

// New returns a service.
func New(db postgres.DB, keys *token.Keys, hasher *token.Hasher, clock *postgres.Clock, options ...Option) *Service {
	s := &Service{DB: db, Keys: keys, Hasher: hasher, Clock: clock, hashing: semaphore.NewWeighted(parallelHashes), memory: hashMemory}
	for _, o := range options {
		o(s)
	}
	s.nobody = s.nobodysHash()
	return s
}

// Get returns an account, also a disabled one. Returns ErrNotFound.
func (s *Service) Get(ctx context.Context, id int64) (Account, error) {
	return s.one(ctx, sqlGet, pgx.StrictNamedArgs{"id": id})
}

// ByAddress returns the account that logs in with address, also a disabled
// one. Returns ErrNotFound, also for what is no address.
func (s *Service) ByAddress(ctx context.Context, address string) (Account, error) {
	return s.one(ctx, sqlByAddress, pgx.StrictNamedArgs{"address_key": addressKey(address)})
}

func addressKey(address string) string {
	addr, err := emailaddr.Parse(address)
	if err != nil {
		return address
	}
	return addr.Key()
}

// List returns every account, the oldest first.
func (s *Service) List(ctx context.Context) ([]Account, error) {
	rows, err := s.DB.Query(ctx, sqlList)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Account])
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return list, nil
}

// Owners lists the owners who are not disabled.
func Owners(ctx context.Context, db postgres.DB) ([]Account, error) {
	rows, err := db.Query(ctx, sqlOwners)
	if err != nil {
		return nil, fmt.Errorf("list owners: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Account])
	if err != nil {
		return nil, fmt.Errorf("list owners: %w", err)
	}
	return list, nil
}

// Editors lists the editors and owners who are not disabled.
func Editors(ctx context.Context, db postgres.DB) ([]Account, error) {
	rows, err := db.Query(ctx, sqlEditors)
	if err != nil {
		return nil, fmt.Errorf("list editors: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Account])
	if err != nil {
		return nil, fmt.Errorf("list editors: %w", err)
	}
	return list, nil
}

func (s *Service) one(ctx context.Context, sql string, args pgx.StrictNamedArgs) (Account, error) {
	rows, err := s.DB.Query(ctx, sql, args)
	if err != nil {
		return Account{}, fmt.Errorf("read account: %w", err)
	}
	a, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Account])
	if errors.Is(err, pgx.ErrNoRows) {
		return Account{}, ErrNotFound
	}
	if err != nil {
		return Account{}, fmt.Errorf("read account: %w", err)
	}
	return a, nil
}
