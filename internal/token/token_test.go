package token

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

const (
	oldSecret = "an old secret of many letters"
	newSecret = "a new secret of many letters"
)

func keys(t testing.TB, secrets ...string) *Keys {
	t.Helper()
	k, err := NewKeys(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestLinksAreShort(t *testing.T) {
	t.Parallel()
	if n := len(keys(t, newSecret).Sign(Unsubscribe, Pair(7, 1<<40))); n != 38 {
		t.Errorf("a link has %d characters", n)
	}
}

func TestEveryBitCounts(t *testing.T) {
	t.Parallel()
	k := keys(t, newSecret)
	token := k.Sign(Unsubscribe, Pair(3, 99))
	raw, err := encoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(raw) * 8 {
		flipped := bytes.Clone(raw)
		flipped[i/8] ^= 1 << (i % 8)
		if _, err := k.Verify(Unsubscribe, encoding.EncodeToString(flipped)); !errors.Is(err, ErrInvalid) {
			t.Fatalf("bit %d flipped: %v", i, err)
		}
	}
	for _, bad := range []string{"", "=", token + "=", token + "A", token[:37], " " + token, "+" + token[1:]} {
		if _, err := k.Verify(Unsubscribe, bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("Verify(%q): %v", bad, err)
		}
	}
}

func TestPurposesAreApart(t *testing.T) {
	t.Parallel()
	k := keys(t, newSecret)
	all := []Purpose{Confirm, Code, NotMe, SignupPage, Unsubscribe, Preferences, Form, Setup, MessageID}
	for _, p := range all {
		token := k.Sign(p, Pair(1, 2))
		for _, q := range all {
			if _, err := k.Verify(q, token); (err == nil) != (p == q) {
				t.Errorf("a token for %q as %q: %v", p, q, err)
			}
		}
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	before, after, later := keys(t, oldSecret), keys(t, newSecret, oldSecret), keys(t, newSecret)
	token := before.Sign(Unsubscribe, Pair(1, 2))
	if _, err := after.Verify(Unsubscribe, token); err != nil {
		t.Errorf("a link of before the rotation: %v", err)
	}
	if _, err := later.Verify(Unsubscribe, token); !errors.Is(err, ErrInvalid) {
		t.Errorf("a link under a secret no longer configured: %v", err)
	}
	again, err := after.SignWith(before.Fingerprints()[0], Unsubscribe, Pair(1, 2))
	if err != nil || again != token {
		t.Errorf("SignWith the older secret gives %q, %v; want %q", again, err, token)
	}
	if _, err := later.SignWith(before.Fingerprints()[0], Unsubscribe, nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("SignWith an unknown fingerprint: %v", err)
	}
	code := before.SixDigits(Code, Pair(1, 2))
	if !after.CheckSixDigits(Code, Pair(1, 2), code[:3]+" "+code[3:]) || later.CheckSixDigits(Code, Pair(1, 2), code) {
		t.Errorf("code %s is not judged by the secrets configured", code)
	}
	if after.CheckSixDigits(Code, Pair(1, 2), "") {
		t.Error("an empty code is accepted")
	}
	wrapped := before.Wrap([]byte("key"))
	if got, err := after.Unwrap(wrapped); err != nil || string(got) != "key" {
		t.Errorf("Unwrap after a rotation: %q, %v", got, err)
	}
	if _, err := later.Unwrap(wrapped); err == nil {
		t.Error("Unwrap under a secret that did not wrap it")
	}
}

func TestSeal(t *testing.T) {
	t.Parallel()
	k, rotated := keys(t, oldSecret), keys(t, newSecret, oldSecret)
	a, b := k.Seal(SignupPage, Pair(1, 2)), k.Seal(SignupPage, Pair(1, 2))
	if a == b {
		t.Error("one payload sealed twice looks the same")
	}
	if got, err := rotated.Open(SignupPage, a); err != nil || !bytes.Equal(got, Pair(1, 2)) {
		t.Errorf("Open = %x, %v", got, err)
	}
	raw, err := encoding.DecodeString(a)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(raw) * 8 {
		flipped := bytes.Clone(raw)
		flipped[i/8] ^= 1 << (i % 8)
		if _, err := k.Open(SignupPage, encoding.EncodeToString(flipped)); !errors.Is(err, ErrInvalid) {
			t.Fatalf("bit %d flipped: %v", i, err)
		}
	}
	for _, bad := range []string{"", "AAAA", a + "A", k.Sign(SignupPage, Pair(1, 2))} {
		if _, err := k.Open(SignupPage, bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("Open(%q): %v", bad, err)
		}
	}
	if _, err := k.Open(Confirm, a); !errors.Is(err, ErrInvalid) {
		t.Errorf("Open for another purpose: %v", err)
	}
}

func TestNewKeysRefuses(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][]string{nil, {""}, {newSecret, "short"}} {
		if _, err := NewKeys(secrets...); err == nil {
			t.Errorf("NewKeys(%q): no error", secrets)
		}
	}
}

func TestSignVerifyProperty(t *testing.T) {
	t.Parallel()
	k := keys(t, newSecret, oldSecret)
	rapid.Check(t, func(t *rapid.T) {
		payload := rapid.SliceOf(rapid.Byte()).Draw(t, "payload")
		got, err := k.Verify(Confirm, k.Sign(Confirm, payload))
		if err != nil || !bytes.Equal(got, payload) {
			t.Fatalf("Verify(Sign(%x)) = %x, %v", payload, got, err)
		}
		a, b := rapid.Uint32().Draw(t, "a"), rapid.Uint64().Draw(t, "b")
		if x, y, err := SplitPair(Pair(a, b)); err != nil || x != a || y != b {
			t.Fatalf("SplitPair(Pair(%d, %d)) = %d, %d, %v", a, b, x, y, err)
		}
	})
}

func FuzzVerify(f *testing.F) {
	k := keys(f, newSecret)
	f.Add(k.Sign(Confirm, Pair(1, 2)))
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		payload, err := k.Verify(Confirm, s)
		if err == nil && k.Sign(Confirm, payload) != s {
			t.Errorf("Verify accepts %q, a second spelling of one token", s)
		}
	})
}

func BenchmarkSign(b *testing.B) {
	k, payload := keys(b, newSecret), Pair(1, 2)
	b.ReportAllocs()
	for b.Loop() {
		k.Sign(Unsubscribe, payload)
	}
}
