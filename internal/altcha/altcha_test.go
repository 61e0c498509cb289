package altcha_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"vistka/internal/altcha"
	"vistka/internal/altcha/altchatest"
	"vistka/internal/token"
)

var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func newKeys(t *testing.T, secrets ...string) *token.Keys {
	t.Helper()
	keys, err := token.NewKeys(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func newChallenge(t *testing.T, keys *token.Keys, use byte) altcha.Challenge {
	t.Helper()
	c, err := altcha.New(keys, use, 1000, start)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestVerify(t *testing.T) {
	t.Parallel()
	keys := newKeys(t, "a secret for the tests only")
	c, other := newChallenge(t, keys, 's'), newChallenge(t, keys, 's')
	encode := func(change func(map[string]any)) string {
		raw, err := base64.StdEncoding.DecodeString(altchatest.Solve(c))
		if err != nil {
			t.Fatal(err)
		}
		var members map[string]any
		if err := json.Unmarshal(raw, &members); err != nil {
			t.Fatal(err)
		}
		change(members)
		raw, _ = json.Marshal(members)
		return base64.StdEncoding.EncodeToString(raw)
	}
	set := func(name string, value any) string {
		return encode(func(m map[string]any) { m[name] = value })
	}
	right := encode(func(map[string]any) {})
	for _, row := range []struct {
		name, field string
		use         byte
		after       time.Duration
		keys        *token.Keys
		want        error
	}{
		{name: "right", field: right},
		{name: "right, at the last moment", field: right, after: altcha.Lasts - time.Second},
		{name: "right, with a widget's own members", field: set("took", 512)},
		{name: "right, the key since rotated", field: right, keys: newKeys(t, "a newer secret for tests", "a secret for the tests only")},
		{name: "wrong number", field: set("number", -1), want: altcha.ErrInvalid},
		{name: "number that is none", field: set("number", "7"), want: altcha.ErrInvalid},
		{name: "another expiry in the salt", field: set("salt", strings.Replace(c.Salt, "expires=1", "expires=9", 1)), want: altcha.ErrInvalid},
		{name: "another one's salt", field: set("salt", other.Salt), want: altcha.ErrInvalid},
		{name: "another one's signature", field: set("signature", other.Signature), want: altcha.ErrInvalid},
		{name: "forged signature", field: set("signature", c.Signature[:len(c.Signature)-2]+"AA"), want: altcha.ErrInvalid},
		{name: "no signature", field: set("signature", ""), want: altcha.ErrInvalid},
		{name: "another algorithm", field: set("algorithm", "SHA-1"), want: altcha.ErrInvalid},
		{name: "another use", field: right, use: 'h', want: altcha.ErrInvalid},
		{name: "another site's key", field: right, keys: newKeys(t, "the secret of somebody else"), want: altcha.ErrInvalid},
		{name: "expired", field: right, after: altcha.Lasts, want: altcha.ErrExpired},
		{name: "expired and wrong", field: set("number", -1), after: altcha.Lasts, want: altcha.ErrInvalid},
		{name: "too large", field: set("took", strings.Repeat("0", 2000)), want: altcha.ErrInvalid},
		{name: "no base64", field: "%", want: altcha.ErrInvalid},
		{name: "no JSON", field: base64.StdEncoding.EncodeToString([]byte("x")), want: altcha.ErrInvalid},
		{name: "empty", field: "", want: altcha.ErrInvalid},
	} {
		if row.use == 0 {
			row.use = 's'
		}
		if row.keys == nil {
			row.keys = keys
		}
		p, err := altcha.Verify(row.keys, row.use, row.field, start.Add(row.after))
		if !errors.Is(err, row.want) || p.Given() != (row.want == nil) {
			t.Errorf("%s: %+v, %v, want %v", row.name, p, err, row.want)
		}
		if row.want == nil && !p.Expires.Equal(start.Add(altcha.Lasts)) {
			t.Errorf("%s: expires %s", row.name, p.Expires)
		}
	}
}

// Digits moved from the number into the salt make the same sum: the solution
// stays that of the same challenge, with the same expiry.
func TestMovedDigits(t *testing.T) {
	t.Parallel()
	keys := newKeys(t, "a secret for the tests only")
	for range 200 {
		c := newChallenge(t, keys, 's')
		raw, _ := base64.StdEncoding.DecodeString(altchatest.Solve(c))
		var members map[string]any
		if err := json.Unmarshal(raw, &members); err != nil {
			t.Fatal(err)
		}
		digits := strconv.Itoa(int(members["number"].(float64)))
		if len(digits) < 2 || digits[1] == '0' {
			continue
		}
		members["salt"] = c.Salt + digits[:1]
		members["number"], _ = strconv.Atoi(digits[1:])
		raw, _ = json.Marshal(members)
		p, err := altcha.Verify(keys, 's', base64.StdEncoding.EncodeToString(raw), start)
		if err != nil || hex.EncodeToString(p.Challenge) != c.Challenge || !p.Expires.Equal(start.Add(altcha.Lasts)) {
			t.Errorf("%+v, %v", p, err)
		}
		return
	}
	t.Fatal("no number with two digits")
}

// The script hashes one block of 64 octets, of which 9 are padding.
func TestOneBlockHoldsSaltAndNumber(t *testing.T) {
	t.Parallel()
	c := newChallenge(t, newKeys(t, "a secret for the tests only"), 's')
	if room := 64 - 9 - len(c.Salt); room < 7 {
		t.Errorf("salt %q leaves room for %d digits", c.Salt, room)
	}
}
