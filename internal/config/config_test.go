package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		change func(*Config)
		want   string // part of the complaint; empty: none
	}{
		{"good", func(*Config) {}, ""},
		{"a port that is none", func(c *Config) { c.Listen = "127.0.0.1:99999" }, "VISTKA_LISTEN"},
		{"an address for host:port", func(c *Config) { c.FeedAllow = []string{"http://x"} }, "VISTKA_FEED_ALLOW"},
		{"two relays", func(c *Config) { c.SMTPURL = "smtp://a.example smtp://b.example" }, ""},
		{"one relay twice", func(c *Config) { c.SMTPURL = "smtp://a.example smtp://a.example?connections=8" }, "stands there twice"},
		{"a short key behind a good one", func(c *Config) { c.SecretKey = strings.Repeat("k", 44) + " short" }, "VISTKA_SECRET_KEY: key 2 has 5 characters"},
		{"no relay's address", func(c *Config) { c.SMTPURL = "http://a.example" }, "VISTKA_SMTP_URL"},
	} {
		c := Config{Listen: "127.0.0.1:8080"}
		row.change(&c)
		err := c.Validate()
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
	}
}

func TestBaseURLIsASCII(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"https://новини.укр":      "https://xn--b1amarcd.xn--j1amh",
		"https://новини.укр:8443": "https://xn--b1amarcd.xn--j1amh:8443",
		"https://news.example/":   "https://news.example",
	} {
		c := Config{Listen: "127.0.0.1:8080", BaseURL: given}
		if err := c.Validate(); err != nil || c.BaseURL != want || c.Local() {
			t.Errorf("%s becomes %s (local: %v), %v, want %s", given, c.BaseURL, c.Local(), err, want)
		}
	}
	c := Config{Listen: ":8080"}
	if err := c.Validate(); err != nil || !c.Local() {
		t.Errorf("%s is not local, %v", c.BaseURL, err)
	}
}

// Docker gives secrets with mode 0444; they are taken, with a warning.
func TestSecretFilesOfAnyMode(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte("smtp://a.example\n"), 0o444); err != nil {
		t.Fatal(err)
	}
	var c Config
	err := c.ReadSecrets(func(name string) string {
		if name == "VISTKA_SMTP_URL_FILE" {
			return file
		}
		return ""
	})
	if err != nil || c.SMTPURL != "smtp://a.example" || len(c.Warnings) != 1 {
		t.Errorf("read %q, warnings %q, %v", c.SMTPURL, c.Warnings, err)
	}
}
