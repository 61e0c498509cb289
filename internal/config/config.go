// Package config is what an operator sets: one struct of flags and
// environment variables, their defaults, and checks that name the flag and
// the fix. Only cmd and app read it.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"vistka/internal/mailer"
	"vistka/internal/token"
)

// Config holds every setting. Each is a flag and an environment variable,
// secrets excepted: those come from the environment or a file only, since a
// flag shows in the list of processes.
type Config struct {
	Listen         string        `env:"VISTKA_LISTEN" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where the pages are served."`
	BaseURL        string        `env:"VISTKA_BASE_URL" placeholder:"URL" help:"Address of these pages as readers see it, e.g. https://news.example.org. Default: http:// and the listening address."`
	DataDir        string        `env:"VISTKA_DATA_DIR" default:"./var" placeholder:"DIR" help:"Where the private Postgres and the secret key are kept when none is configured."`
	TrustedProxies []string      `env:"VISTKA_TRUSTED_PROXIES" placeholder:"CIDR" help:"Networks of reverse proxies whose X-Forwarded-For is believed."`
	Run            []string      `env:"VISTKA_RUN" default:"web,jobs,sender" placeholder:"ROLE" help:"Roles of this process: web, jobs, sender."`
	MetricsListen  string        `env:"VISTKA_METRICS_LISTEN" placeholder:"HOST:PORT" help:"Where /metrics (Prometheus) and pprof are served, for operators only. Default: nowhere."`
	LogFormat      string        `env:"VISTKA_LOG_FORMAT" default:"auto" enum:"auto,text,json" help:"auto (coloured on a terminal, else json), text or json."`
	FeedAllow      []string      `env:"VISTKA_FEED_ALLOW" placeholder:"HOST:PORT" help:"Hosts that feeds may be fetched from though their addresses are not public: for tests and intranets."`
	InDoubtWait    time.Duration `env:"VISTKA_IN_DOUBT_WAIT" default:"2m" help:"How long a mail rests that a relay may have taken before a crash, until it is sent again with the same Message-ID."`
	MaxAge         time.Duration `env:"VISTKA_MAX_AGE" default:"72h" help:"How long an edition may take to go out. What is late then is taken back, and its readers get those articles in their next edition."`
	KeepMonths     int           `env:"VISTKA_KEEP_MONTHS" default:"13" help:"How many months back it is kept what each reader got. Of older editions the totals stay."`
	Dev            bool          `env:"VISTKA_DEV" help:"Read templates from disk on each request and show every page under /dev/."`

	ConfirmationsPerHour int    `env:"VISTKA_CONFIRMATIONS_PER_HOUR" default:"500" placeholder:"N" help:"How many mails an hour answer sign-ups at most, over all newsletters. What is asked for beyond that is held and goes out as room comes back. The same in every process."`
	ProofOfWork          string `env:"VISTKA_PROOF_OF_WORK" default:"off" enum:"off,attack,always" help:"When our own pages let the reader's browser do some work for a sign-up (off, attack: while mails are held, always). Nobody is refused without it. The same in every process."`

	DatabaseURL       string `kong:"-"`
	DatabaseDirectURL string `kong:"-"`
	SMTPURL           string `kong:"-"`
	SecretKey         string `kong:"-"`

	Warnings []string `kong:"-"` // what works and is better mended, for the log
}

// Roles a process can have; any number of processes may share them.
const (
	RoleWeb    = "web"
	RoleJobs   = "jobs"
	RoleSender = "sender"
)

// Has says whether this process has the role.
func (c *Config) Has(role string) bool { return slices.Contains(c.Run, role) }

// ReadSecrets fills what never is a flag, from NAME or the file that NAME_FILE
// names. Returns an error that names the variable and the fix.
func (c *Config) ReadSecrets(getenv func(string) string) error {
	for name, field := range map[string]*string{
		"VISTKA_DATABASE_URL":        &c.DatabaseURL,
		"VISTKA_DATABASE_DIRECT_URL": &c.DatabaseDirectURL,
		"VISTKA_SMTP_URL":            &c.SMTPURL,
		"VISTKA_SECRET_KEY":          &c.SecretKey,
	} {
		v, err := c.secret(name, getenv)
		if err != nil {
			return err
		}
		*field = v
	}
	return nil
}

func (c *Config) secret(name string, getenv func(string) string) (string, error) {
	value, file := getenv(name), getenv(name+"_FILE")
	switch {
	case file == "":
		return strings.TrimSpace(value), nil
	case value != "":
		return "", fmt.Errorf("%s and %s_FILE are both set: keep one", name, name)
	}
	info, err := os.Stat(file)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %s cannot be read: name a file that is there and that this user can read", name, file)
	}
	if info.Mode().Perm()&0o007 != 0 {
		c.Warnings = append(c.Warnings, fmt.Sprintf("%s_FILE: every user of this machine can read %s; outside a container, chmod o= %s", name, file, file))
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %s cannot be read: name a file that this user can read", name, file)
	}
	return strings.TrimSpace(string(raw)), nil
}

// Validate checks what can be checked without a network and fills what
// follows from something else. The error joins all complaints, each with the
// name of the setting and what to write instead.
func (c *Config) Validate() error {
	var errs []error
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	if !hostPort(c.Listen) {
		complain("--listen (VISTKA_LISTEN) %q: write host:port, like 127.0.0.1:8080, with a port up to 65535", c.Listen)
	}
	if c.BaseURL == "" {
		c.BaseURL = "http://" + Browsable(c.Listen)
	}
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	u, err := url.Parse(c.BaseURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		complain("--base-url (VISTKA_BASE_URL) %q: write the address readers use, without a path, like https://news.example.org", c.BaseURL)
	} else if ascii, err := idna.Lookup.ToASCII(u.Hostname()); err == nil && ascii != u.Hostname() { // mail and headers hold A-labels (RFC 5891) only
		u.Host = strings.Replace(u.Host, u.Hostname(), ascii, 1)
		c.BaseURL = u.Scheme + "://" + u.Host
	}
	for _, cidr := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(cidr); err != nil {
			complain("--trusted-proxies (VISTKA_TRUSTED_PROXIES) %q: write networks like 10.0.0.0/8, separated by commas", cidr)
		}
	}
	for _, role := range c.Run {
		if role != RoleWeb && role != RoleJobs && role != RoleSender {
			complain("--run (VISTKA_RUN) %q: the roles are web, jobs and sender", role)
		}
	}
	for _, hp := range c.FeedAllow {
		if !hostPort(hp) {
			complain("--feed-allow (VISTKA_FEED_ALLOW) %q: write host:port, like 127.0.0.1:9000", hp)
		}
	}
	if c.MetricsListen != "" {
		if !hostPort(c.MetricsListen) {
			complain("--metrics-listen (VISTKA_METRICS_LISTEN) %q: write host:port, like 127.0.0.1:9090", c.MetricsListen)
		}
	}
	if c.ConfirmationsPerHour < 0 {
		complain("--confirmations-per-hour (VISTKA_CONFIRMATIONS_PER_HOUR) %d: write a number of mails, like 500; 0 means the default", c.ConfirmationsPerHour)
	}
	if c.InDoubtWait < 0 {
		complain("--in-doubt-wait (VISTKA_IN_DOUBT_WAIT) %s: write a time of zero or more, like 2m", c.InDoubtWait)
	}
	if c.MaxAge < 0 {
		complain("--max-age (VISTKA_MAX_AGE) %s: write a time, like 72h; 0 means the default", c.MaxAge)
	}
	if c.KeepMonths != 0 && c.KeepMonths < leastKeepMonths {
		complain("--keep-months (VISTKA_KEEP_MONTHS) %d: write a number of months, %d or more", c.KeepMonths, leastKeepMonths)
	}
	if c.DatabaseURL != "" {
		if !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") {
			complain("VISTKA_DATABASE_URL: write postgres://user:password@host:5432/database")
		}
		if c.SecretKey == "" {
			complain("VISTKA_SECRET_KEY: an external database needs one: run `openssl rand -base64 32` once and keep the result safe, apart from the database's backups")
		}
	}
	for i, key := range strings.Fields(c.SecretKey) {
		if len(key) < token.MinSecretSize {
			complain("VISTKA_SECRET_KEY: key %d has %d characters and needs %d or more: run `openssl rand -base64 32` for one", i+1, len(key), token.MinSecretSize)
		}
	}
	relays := map[string]bool{}
	for _, raw := range strings.Fields(c.SMTPURL) {
		relay, err := mailer.ParseRelayURL(raw)
		switch {
		case err != nil:
			complain("VISTKA_SMTP_URL: %w", err)
		case relays[relay.Name()]: // the two would take one lease from each other
			complain("VISTKA_SMTP_URL: the relay %s stands there twice: write it once, with connections=N for more at a time", relay.Name())
		}
		relays[relay.Name()] = true
	}
	if c.DatabaseDirectURL != "" && c.DatabaseURL == "" {
		complain("VISTKA_DATABASE_DIRECT_URL: set VISTKA_DATABASE_URL too, or neither")
	}
	if c.DatabaseDirectURL == "" && strings.Contains(c.DatabaseURL, "default_query_exec_mode=") {
		complain("VISTKA_DATABASE_DIRECT_URL: VISTKA_DATABASE_URL is that of a pooler: name the database itself here, for what cannot go through one")
	}
	return errors.Join(errs...)
}

// leastKeepMonths covers what looks back at deliveries: leaving can be undone for 30 days.
const leastKeepMonths = 3

// Host is the name of these pages, without a port: what relays are greeted with.
func (c *Config) Host() string {
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Local says whether readers' pages are on this very machine, by the base URL.
func (c *Config) Local() bool {
	ip, err := netip.ParseAddr(c.Host())
	return c.Host() == "localhost" || err == nil && ip.IsLoopback()
}

// hostPort says whether s is host:port with a port that there can be.
func hostPort(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// Browsable turns a listening address, host:port, into one that a browser on
// this machine opens.
func Browsable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip, err := netip.ParseAddr(host); host == "" || (err == nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
