package newsletter

import "testing"

// A logo's address is typed by an editor: nothing but an origin gets into the policy.
func TestPictureOrigin(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://cdn.example.org/a/logo.svg?v=2":    "https://cdn.example.org",
		"http://127.0.0.1:8081/logo.png":            "http://127.0.0.1:8081",
		"https://Новини.example.org/logo.png":       "https://xn--b1amarcd.example.org",
		"https://CDN.example.org/logo.png":          "https://cdn.example.org",
		"":                                          "",
		"/logo.png":                                 "",
		"javascript:alert(1)":                       "",
		"data:image/png,a":                          "",
		"https://*/logo.png":                        "",
		"https://a;script-src 'unsafe-inline'/":     "",
		"https://a.example.org;script-src *.b/logo": "",
	} {
		if got := PictureOrigin(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}
