package token

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
)

// Hasher hashes addresses under a key of the database's own, so that a
// suppressed or erased person is recognised without being stored, and a dump
// alone cannot be searched by trying addresses.
type Hasher struct{ key []byte }

// NewHasherKey makes a random key for a new database.
func NewHasherKey() []byte {
	key := make([]byte, sha256.Size)
	rand.Read(key)
	return key
}

// NewHasher takes the key as Unwrap returned it.
func NewHasher(key []byte) *Hasher { return &Hasher{key: key} }

// Sum is HMAC-SHA-256 of s, 32 octets.
func (h *Hasher) Sum(s string) []byte {
	m := hmac.New(sha256.New, h.key)
	m.Write([]byte(s))
	return m.Sum(nil)
}

const addressKey = "address-key" // info of the subkey that wraps

// Wrap encrypts a hasher's key under the newest secret (AES-256-GCM, the nonce first).
func (k *Keys) Wrap(key []byte) []byte {
	g := gcmOf(subkey(k.secrets[0], addressKey))
	nonce := make([]byte, g.NonceSize())
	rand.Read(nonce)
	return g.Seal(nonce, nonce, key, nil)
}

// Unwrap opens what Wrap made under any configured secret. Returns an error
// if none fits: the database was made with a secret that is not configured.
func (k *Keys) Unwrap(wrapped []byte) ([]byte, error) {
	for _, s := range k.secrets {
		g := gcmOf(subkey(s, addressKey))
		if len(wrapped) < g.NonceSize() {
			break
		}
		if key, err := g.Open(nil, wrapped[:g.NonceSize()], wrapped[g.NonceSize():], nil); err == nil {
			return key, nil
		}
	}
	return nil, errors.New("token: no configured secret key opens the database's address key")
}
