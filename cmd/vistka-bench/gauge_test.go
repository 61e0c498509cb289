package main

import "testing"

func TestOctets(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]octets{"11KB": 11_000, "11kB": 11_000, "11264": 11_264} {
		var got octets
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "KB", "0", "-1KB", "11MB", "1.5KB"} {
		var got octets
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}
