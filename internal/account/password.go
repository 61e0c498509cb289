package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

const (
	// MinPassword is what OWASP ASVS 5.0 6.2.1 asks for at least, raised by half
	// because there is no second factor to lean on yet.
	MinPassword = 12
	// maxPassword bounds the work a stranger can ask for; in characters.
	maxPassword = 256
	// parallelHashes bounds memory: each hash holds hashMemory KiB.
	parallelHashes = 2
	hashMemory     = 32 * 1024 // KiB
	hashPasses     = 3
	// hashPatience is how long a log-in waits for its turn before it is told to come back.
	hashPatience = 10 * time.Second
)

func (s *Service) params() *argon2id.Params {
	return &argon2id.Params{Memory: s.memory, Iterations: hashPasses, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// nobodysHash has the form and the cost of any other and is the hash of no
// password: an unknown name takes as long to refuse as a known one.
func (s *Service) nobodysHash() string {
	salt, key := make([]byte, 16), make([]byte, 32)
	_, _ = rand.Read(salt) // never fails
	_, _ = rand.Read(key)
	p, encode := s.params(), base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.Memory, p.Iterations, p.Parallelism, encode(salt), encode(key))
}

// CheckPassword returns the locale key of what is wrong with a new password,
// or "". There are no rules of composition: length, and not what everybody
// tries first (ASVS 6.2.4, 6.2.11).
func CheckPassword(password, address, name string) string {
	n := utf8.RuneCountInString(password)
	switch {
	case n < MinPassword:
		return "account.error.password.short"
	case n > maxPassword:
		return "account.error.password.long"
	case isCommon(password, address, name):
		return "account.error.password.common"
	}
	return ""
}

// isCommon knows the shapes of the long passwords that lists of leaked ones
// begin with: one word, doubled or padded with digits; keyboard rows; few
// characters repeated; the person's or the program's own name.
func isCommon(password, address, name string) bool {
	p := strings.ToLower(password)
	distinct := map[rune]bool{}
	for _, r := range p {
		distinct[r] = true
	}
	if len(distinct) < 5 {
		return true
	}
	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	words := []string{
		"password", "passw0rd", "p@ssw0rd", "p@ssword", "qwertyuiop", "qwerty", "asdfghjkl", "zxcvbnm", "1qaz2wsx", "1q2w3e4r", "letmein",
		"welcome", "iloveyou", "changeme", "administrator", "admin", "secret", "dragon", "monkey", "football", "baseball", "superman", "sunshine",
		"princess", "correcthorsebatterystaple", "abcdefghijklmnopqrstuvwxyz", "01234567890", "09876543210", "1234567890", "newsletter", "vistka",
		"пароль", "йцукенгшщзхї", "йцукенгшщзхъ", "йцукен", "україна", "вістка", "абвгґд",
		strings.ToLower(name), local, domain, strings.ToLower(address),
	}
	rest := p
	for _, w := range words {
		if utf8.RuneCountInString(w) > 2 {
			rest = strings.ReplaceAll(rest, w, "")
		}
	}
	rest = strings.Trim(rest, "0123456789!.?*#@$%&-_ ")
	return utf8.RuneCountInString(rest) < 4
}

func (s *Service) turn(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, hashPatience)
	defer cancel()
	if err := s.hashing.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("wait to hash: %w", err)
	}
	return nil
}

// hash turns a password into argon2id's encoded form. It waits its turn: only
// parallelHashes run at once. Returns context.DeadlineExceeded if the turn does not come.
func (s *Service) hash(ctx context.Context, password string) (string, error) {
	if err := s.turn(ctx); err != nil {
		return "", err
	}
	defer s.hashing.Release(1)
	hash, err := argon2id.CreateHash(norm.NFC.String(password), s.params())
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// matches compares under the same bound as hash.
func (s *Service) matches(ctx context.Context, password, hash string) (bool, error) {
	if err := s.turn(ctx); err != nil {
		return false, err
	}
	defer s.hashing.Release(1)
	ok, err := argon2id.ComparePasswordAndHash(norm.NFC.String(password), hash)
	if err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return ok, nil
}
