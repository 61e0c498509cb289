package app

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
	"vistka/internal/token"
)

// errUnknownSecret means that links already mailed would stop to work.
var errUnknownSecret = &SettingError{
	Setting: "VISTKA_SECRET_KEY", Problem: "this database was used with another secret key",
	Fix: "put the former one behind the new one, separated by a space, so that links already mailed go on working",
}

const secretFile = "secret.key"

// loadKeys takes the secrets from the setting or, beside the private Postgres
// only, from the data directory, where the first start makes one.
func loadKeys(setting, dataDir string) (*token.Keys, error) {
	if setting == "" {
		var err error
		if setting, err = ownSecret(dataDir); err != nil {
			return nil, err
		}
	}
	keys, err := token.NewKeys(strings.Fields(setting)...)
	if err != nil {
		return nil, fmt.Errorf("VISTKA_SECRET_KEY: %w", err)
	}
	return keys, nil
}

// ownSecret reads the data directory's secret, or makes it. Linking a finished
// file claims the name, so two first starts agree on one secret.
func ownSecret(dataDir string) (string, error) {
	path := filepath.Join(dataDir, secretFile)
	raw, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(raw)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read secret key: %w", err)
	}
	fresh := make([]byte, 32)
	rand.Read(fresh)
	f, err := os.CreateTemp(dataDir, secretFile+".*")
	if err != nil {
		return "", fmt.Errorf("make secret key: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = fmt.Fprintln(f, base64.RawURLEncoding.EncodeToString(fresh))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("make secret key: %w", err)
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make secret key: %w", err)
	}
	raw, err = os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read secret key: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

const (
	rememberSecretSQL = `
INSERT INTO secret_key (fingerprint)
VALUES ($1)
ON CONFLICT DO NOTHING`
	addressKeySQL = `
SELECT fingerprint, wrapped
FROM address_key
FOR UPDATE`
	storeAddressKeySQL = `
INSERT INTO address_key (fingerprint, wrapped)
VALUES ($1, $2)
ON CONFLICT (singleton) DO UPDATE
SET fingerprint = EXCLUDED.fingerprint, wrapped = EXCLUDED.wrapped`
	lockSecretsSQL = `
SELECT pg_advisory_xact_lock(hashtextextended('secret_key', 0))`
)

// bindKeys makes the database know the secrets and returns the hasher of
// addresses, whose key is wrapped anew when the newest secret has changed.
// Returns errUnknownSecret if the database knows secrets and none of them is
// configured.
func bindKeys(ctx context.Context, db postgres.DB, keys *token.Keys) (*token.Hasher, error) {
	var hasher *token.Hasher
	err := postgres.InTx(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockSecretsSQL); err != nil {
			return fmt.Errorf("lock secret keys: %w", err)
		}
		key, fingerprint, err := addressKey(ctx, tx, keys)
		if err != nil {
			return err
		}
		for _, f := range keys.Fingerprints() {
			if _, err := tx.Exec(ctx, rememberSecretSQL, f); err != nil {
				return fmt.Errorf("remember secret key %s: %w", f, err)
			}
		}
		if newest := keys.Fingerprints()[0]; fingerprint != newest {
			if _, err := tx.Exec(ctx, storeAddressKeySQL, newest, keys.Wrap(key)); err != nil {
				return fmt.Errorf("store address key: %w", err)
			}
		}
		hasher = token.NewHasher(key)
		return nil
	})
	return hasher, err
}

func addressKey(ctx context.Context, tx pgx.Tx, keys *token.Keys) (key []byte, fingerprint string, err error) {
	var wrapped []byte
	err = tx.QueryRow(ctx, addressKeySQL).Scan(&fingerprint, &wrapped)
	if errors.Is(err, pgx.ErrNoRows) {
		return token.NewHasherKey(), "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("read address key: %w", err)
	}
	if key, err = keys.Unwrap(wrapped); err != nil {
		return nil, "", errUnknownSecret
	}
	return key, fingerprint, nil
}
