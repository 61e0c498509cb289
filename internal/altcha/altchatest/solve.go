// Package altchatest solves challenges as a browser does.
package altchatest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"vistka/internal/altcha"
)

// Solve returns the form field of c's solution; empty if it has none.
func Solve(c altcha.Challenge) string {
	for n := range c.MaxNumber + 1 {
		sum := sha256.Sum256([]byte(c.Salt + strconv.FormatInt(n, 10)))
		if hex.EncodeToString(sum[:]) != c.Challenge {
			continue
		}
		raw, _ := json.Marshal(map[string]any{ // strings and a number always encode
			"algorithm": c.Algorithm, "challenge": c.Challenge, "number": n, "salt": c.Salt, "signature": c.Signature,
		})
		return base64.StdEncoding.EncodeToString(raw)
	}
	return ""
}
