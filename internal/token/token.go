// Package token makes and checks signed, purpose-bound links: HMAC-SHA-256
// truncated to 128 bits (RFC 2104 section 5) under a subkey per purpose
// (HKDF, RFC 5869). Nothing is stored; the newest secret signs, every
// configured secret verifies, so links survive a rotation.
package token

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"sync"
)

// Purpose binds a token to one use: a token made for one is refused by every other.
type Purpose string

const (
	Confirm      Purpose = "confirm"        // the link in a confirmation mail
	Code         Purpose = "code"           // its 6-digit code
	NotMe        Purpose = "not-me"         // "this wasn't me" in a confirmation mail
	SignupPage   Purpose = "signup-page"    // the page after a sign-up: send again, type the code
	Unsubscribe  Purpose = "unsubscribe"    // long-lived, in every edition
	Preferences  Purpose = "preferences"    // long-lived, for what is harmless
	Fresh        Purpose = "fresh"          // mailed on request, for minutes: what reveals or cannot be undone
	NewAddress   Purpose = "new-address"    // to the mailbox that a reader wants mail to come to
	NotMyAddress Purpose = "not-my-address" // "this wasn't me" in the mail to that mailbox
	KeepAddress  Purpose = "keep-address"   // to the mailbox it comes to so far: stops the change
	Undo         Purpose = "undo"           // settings as they were before the last press
	Said         Purpose = "said"           // what a press did, for the page that it leads to
	Hold         Purpose = "hold"           // in an editor's mail: the page that holds an article
	Form         Purpose = "form"           // render time of a page with a form
	Proof        Purpose = "proof"          // a challenge that a browser works on
	Setup        Purpose = "setup"          // the one-time link of the first start
	Hotline      Purpose = "hotline"        // the page after a hotline request, with its reference
	MessageID    Purpose = "message-id"     // left side of a Message-ID
)

// ErrInvalid says that a token is not one of ours for that purpose.
var ErrInvalid = errors.New("token: invalid")

const macSize = 16 // octets: 128 bits

// MinSecretSize is the least length of a secret, in characters.
const MinSecretSize = 16

var encoding = base64.RawURLEncoding.Strict()

// Keys are the secrets of VISTKA_SECRET_KEY, newest first. Safe for
// concurrent use.
type Keys struct {
	secrets      [][]byte
	fingerprints []string
	macs         []sync.Map // per secret: Purpose → *sync.Pool of keyed hashes
	seals        []sync.Map // per secret: Purpose → cipher.AEAD
}

// NewKeys takes the secrets, newest first. Returns an error if there is none
// or one is shorter than MinSecretSize.
func NewKeys(secrets ...string) (*Keys, error) {
	if len(secrets) == 0 {
		return nil, errors.New("token: no secret key")
	}
	k := &Keys{}
	for i, s := range secrets {
		if len(s) < MinSecretSize {
			return nil, fmt.Errorf("token: secret key %d has %d characters, at least %d are needed", i+1, len(s), MinSecretSize)
		}
		k.secrets = append(k.secrets, []byte(s))
		k.fingerprints = append(k.fingerprints, fingerprint(s))
	}
	k.macs, k.seals = make([]sync.Map, len(k.secrets)), make([]sync.Map, len(k.secrets))
	return k, nil
}

// Fingerprints names each secret without telling it, in the order given.
func (k *Keys) Fingerprints() []string { return slices.Clone(k.fingerprints) }

func fingerprint(secret string) string {
	sum := sha256.Sum256([]byte("vistka fingerprint " + secret))
	return hex.EncodeToString(sum[:8])
}

// Sign returns payload with its MAC, in URL-safe base64 without padding.
func (k *Keys) Sign(p Purpose, payload []byte) string {
	return k.sign(0, p, payload)
}

// SignWith signs under the secret with this fingerprint, so that a retry
// after a rotation has the same bytes. Returns ErrInvalid if it is not configured.
func (k *Keys) SignWith(fingerprint string, p Purpose, payload []byte) (string, error) {
	i := slices.Index(k.fingerprints, fingerprint)
	if i < 0 {
		return "", ErrInvalid
	}
	return k.sign(i, p, payload), nil
}

func (k *Keys) sign(i int, p Purpose, payload []byte) string {
	return encoding.EncodeToString(k.mac(append(make([]byte, 0, len(payload)+sha256.Size), payload...), i, p, payload))
}

// Verify returns the payload of a token that Sign made for p under any
// configured secret. Returns ErrInvalid otherwise.
func (k *Keys) Verify(p Purpose, token string) ([]byte, error) {
	raw, err := encoding.DecodeString(token)
	if err != nil || len(raw) < macSize {
		return nil, ErrInvalid
	}
	payload, sum := raw[:len(raw)-macSize], raw[len(raw)-macSize:]
	for i := range k.secrets {
		if hmac.Equal(sum, k.mac(nil, i, p, payload)) {
			return payload, nil
		}
	}
	return nil, ErrInvalid
}

// SixDigits derives a short code from payload under the newest secret,
// modulo a million as RFC 4226 section 5.3; CheckSixDigits accepts it under any.
func (k *Keys) SixDigits(p Purpose, payload []byte) string { return k.sixDigits(0, p, payload) }

// IsSixDigits says whether code has the form of one: a code that has not is a
// slip of the hand, not a guess.
func IsSixDigits(code string) bool {
	code = unspaced.Replace(code)
	return len(code) == 6 && strings.Trim(code, "0123456789") == ""
}

var unspaced = strings.NewReplacer(" ", "", "-", "", "\u00a0", "")

// CheckSixDigits compares in constant time; spaces and dashes in code are ignored.
func (k *Keys) CheckSixDigits(p Purpose, payload []byte, code string) bool {
	code = unspaced.Replace(code)
	ok := false
	for i := range k.secrets {
		ok = hmac.Equal([]byte(code), []byte(k.sixDigits(i, p, payload))) || ok
	}
	return ok
}

func (k *Keys) sixDigits(i int, p Purpose, payload []byte) string {
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(k.mac(nil, i, p, payload))%1_000_000)
}

// mac appends the MAC of payload under secret i to dst.
func (k *Keys) mac(dst []byte, i int, p Purpose, payload []byte) []byte {
	macs, ok := k.macs[i].Load(p)
	if !ok {
		macs, _ = k.macs[i].LoadOrStore(p, macsOf(subkey(k.secrets[i], string(p))))
	}
	// Three a mail: a keyed hash that is used again costs half of a new one.
	h := macs.(*sync.Pool).Get().(hash.Hash)
	defer macs.(*sync.Pool).Put(h)
	h.Reset()
	h.Write(payload)
	return h.Sum(dst)[:len(dst)+macSize]
}

func macsOf(key []byte) *sync.Pool {
	return &sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}
}

func subkey(secret []byte, info string) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, "vistka "+info, sha256.Size)
	if err != nil {
		panic(err) // only for a length above 255 hashes
	}
	return key
}
