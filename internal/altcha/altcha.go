// Package altcha asks a browser for a little work and checks that it was done,
// in the wire format of ALTCHA's first proof of work: which number, put behind
// a salt, has this SHA-256? It knows no database: that a solution counts once
// is for whoever takes it.
package altcha

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"strconv"
	"time"

	"vistka/internal/token"
)

// Algorithm is the only one that is asked for and taken.
const Algorithm = "SHA-256"

// Lasts is how long a challenge can be solved and handed in: as long as
// somebody may look for an address with the form open.
const Lasts = 10 * time.Minute

// Errors of Verify.
var (
	ErrInvalid = errors.New("altcha: no solution of a challenge of ours")
	ErrExpired = errors.New("altcha: the challenge has expired")
)

// Challenge is what a browser gets.
type Challenge struct {
	Algorithm string `json:"algorithm"`
	Challenge string `json:"challenge"` // SHA-256 of salt and number, in hex
	MaxNumber int64  `json:"maxnumber"` // the number is in 0…MaxNumber
	Salt      string `json:"salt"`      // names the expiry too, for widgets that look there
	Signature string `json:"signature"`
}

// Proof is a solution that Verify accepted. The zero Proof is none.
type Proof struct {
	Challenge []byte // SHA-256, 32 octets: no two challenges share it
	Expires   time.Time
}

// Given reports whether there is a proof at all.
func (p Proof) Given() bool { return p.Challenge != nil }

// payload is what a signature holds, so that neither the salt nor the challenge
// that come back need to be believed: the use, the expiry, the sum.
const payloadSize = 1 + 8 + sha256.Size

// New makes a challenge for one use (a byte of the caller's), whose number is
// at most most: a browser tries half as many on average.
func New(keys *token.Keys, use byte, most int64, now time.Time) (Challenge, error) {
	number, err := rand.Int(rand.Reader, big.NewInt(most+1))
	if err != nil {
		return Challenge{}, err
	}
	expires := now.Add(Lasts).Unix()
	nonce := make([]byte, 12)
	rand.Read(nonce)
	// The & at the end keeps the number's digits out of the last parameter.
	salt := hex.EncodeToString(nonce) + "?expires=" + strconv.FormatInt(expires, 10) + "&"
	sum := hash(salt, number.Int64())
	payload := append(binary.BigEndian.AppendUint64([]byte{use}, uint64(expires)), sum...)
	return Challenge{
		Algorithm: Algorithm, Challenge: hex.EncodeToString(sum), MaxNumber: most, Salt: salt, Signature: keys.Sign(token.Proof, payload),
	}, nil
}

// solution is the JSON that a browser sends back, in base64. Widgets add
// members of their own, which are ignored.
type solution struct {
	Algorithm string `json:"algorithm"`
	Number    int64  `json:"number"`
	Salt      string `json:"salt"`
	Signature string `json:"signature"`
}

const maxField = 2000 // octets; a solution has about 350

// Verify takes the form field of a solution. Returns ErrInvalid if it solves no
// challenge of ours for that use, ErrExpired if it comes too late.
func Verify(keys *token.Keys, use byte, field string, now time.Time) (Proof, error) {
	if len(field) > maxField {
		return Proof{}, ErrInvalid
	}
	raw, err := base64.StdEncoding.DecodeString(field)
	if err != nil {
		return Proof{}, ErrInvalid
	}
	var s solution
	if json.Unmarshal(raw, &s) != nil || s.Algorithm != Algorithm {
		return Proof{}, ErrInvalid
	}
	payload, err := keys.Verify(token.Proof, s.Signature)
	if err != nil || len(payload) != payloadSize || payload[0] != use {
		return Proof{}, ErrInvalid
	}
	expires, sum := time.Unix(int64(binary.BigEndian.Uint64(payload[1:])), 0), payload[1+8:]
	switch {
	case string(hash(s.Salt, s.Number)) != string(sum):
		return Proof{}, ErrInvalid
	case !now.Before(expires):
		return Proof{}, ErrExpired
	}
	return Proof{Challenge: sum, Expires: expires}, nil
}

func hash(salt string, number int64) []byte {
	sum := sha256.Sum256(strconv.AppendInt([]byte(salt), number, 10))
	return sum[:]
}
