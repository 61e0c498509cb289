package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"vistka/internal/article"
	"vistka/internal/locale"
	"vistka/internal/mailer"
	"vistka/internal/postgres"
)

// Grade of a finding.
const (
	Good = "good"
	Warn = "warn"
	Bad  = "bad"
)

// Finding is one thing that doctor looked at: how it is, and what to do.
type Finding struct {
	About string `json:"about"`
	Grade string `json:"grade"`
	Words string `json:"words"`
	Fix   string `json:"fix,omitempty"`
}

// Bounds of what doctor asks over the network.
const (
	lookupTimeout = 5 * time.Second
	relayTimeout  = 15 * time.Second
	maxSkew       = 2 * time.Second
)

// Diagnose looks at database, clock, the switch of sending, mails to one person, relays, feeds and
// DNS records, in that order. It changes nothing and mails nothing.
func (a *App) Diagnose(ctx context.Context) []Finding {
	var out []Finding
	out = append(out, a.diagnoseDatabase(ctx)...)
	out = append(out, a.diagnoseClock())
	out = append(out, a.diagnoseSending(ctx)...)
	for _, relay := range a.relays {
		out = append(out, diagnoseRelay(ctx, relay))
	}
	if len(a.relays) == 0 {
		out = append(out, Finding{"relay", Warn, "no relay is configured: mail goes to the built-in inbox", "set VISTKA_SMTP_URL, like smtp://user:password@host:587"})
	}
	out = append(out, a.diagnoseFeeds(ctx)...)
	return append(out, a.diagnoseDNS(ctx, net.DefaultResolver)...)
}

// Unopened is the finding when the application does not even open.
func Unopened(err error) Finding {
	if wrong, ok := errors.AsType[*SettingError](err); ok {
		return Finding{wrong.Setting, Bad, wrong.Problem, wrong.Fix}
	}
	switch {
	case errors.Is(err, ErrBehind):
		return Finding{"schema", Bad, "the database's schema is older than this version of Vistka", "run vistka migrate"}
	case errors.Is(err, postgres.ErrNewer):
		return Finding{"schema", Bad, err.Error(), "use the newer version of Vistka"}
	case postgres.IsUnavailable(err):
		return Finding{"database", Bad, err.Error(), "check VISTKA_DATABASE_URL and that the server runs"}
	}
	return Finding{"start", Bad, err.Error(), ""}
}

func (a *App) diagnoseDatabase(ctx context.Context) []Finding {
	s, err := postgres.Settings(ctx, a.Pool)
	if err != nil {
		return []Finding{{"database", Bad, err.Error(), "check VISTKA_DATABASE_URL and that the server runs"}}
	}
	out := []Finding{{About: "database", Grade: Good, Words: "PostgreSQL " + s.Version}}
	unsafe := func(setting, value string) {
		out = append(out, Finding{
			"database", Bad, fmt.Sprintf("%s is %s: after a power cut mails could go out twice", setting, value),
			fmt.Sprintf("ALTER SYSTEM SET %s = on, then reload", setting),
		})
	}
	if !s.Fsync {
		unsafe("fsync", "off")
	}
	if !s.FullPageWrites {
		unsafe("full_page_writes", "off")
	}
	if s.SynchronousCommit == "off" {
		unsafe("synchronous_commit", "off")
	}
	if !s.DataChecksums {
		out = append(out, Finding{"database", Warn, "data checksums are off: a failing disk goes unnoticed", "stop the server and run pg_checksums --enable"})
	}
	return out
}

func (a *App) diagnoseClock() Finding {
	skew := time.Since(a.Clock.Now()).Round(time.Millisecond)
	if skew.Abs() > maxSkew {
		return Finding{"clock", Warn, fmt.Sprintf("this machine's clock and the database's differ by %s", skew), "run an NTP client on both; Vistka goes by the database's"}
	}
	return Finding{About: "clock", Grade: Good, Words: fmt.Sprintf("within %s of the database's", max(skew.Abs(), time.Millisecond))}
}

func diagnoseRelay(ctx context.Context, relay mailer.RelayConfig) Finding {
	ctx, cancel := context.WithTimeout(ctx, relayTimeout)
	defer cancel()
	about := "relay " + relay.Name()
	conn, err := mailer.Dial(ctx, relay)
	if err != nil {
		return Finding{about, Bad, undialled(err), "check host, port, tls=, user and password in VISTKA_SMTP_URL"}
	}
	offers := conn.OffersLogIn()
	conn.Quit()
	switch {
	case relay.TLS == mailer.TLSNone && !relay.Loopback():
		return Finding{about, Warn, "takes our connection, in clear text", "use tls=starttls or tls=implicit"}
	case relay.User != "":
		return Finding{About: about, Grade: Good, Words: "takes our connection and log-in"}
	case relay.Loopback():
		return Finding{About: about, Grade: Good, Words: "takes our connection. No log-in is set, as is usual for a relay on this machine"}
	case offers:
		return Finding{
			about, Warn, "takes our connection. It offers a log-in and we have none, so it may refuse mail to other domains",
			"put user and password into VISTKA_SMTP_URL, like smtp://user:password@host:587; if it lets this machine in by its address, ignore this",
		}
	}
	return Finding{About: about, Grade: Good, Words: "takes our connection. It offers no log-in, so it goes by this machine's address"}
}

// undialled says why the relay takes no connection of ours.
func undialled(err error) string {
	wrong, ok := errors.AsType[*mailer.DialError](err)
	_, noTLS := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case ok && wrong.Code != 0:
		return "refuses us: " + wrong.Err.Error()
	case noTLS:
		return "takes no connection of ours: it does not begin with TLS on that port"
	case strings.Contains(err.Error(), "does not support STARTTLS"): // the library has no sentinel for it
		return "takes no connection of ours: it offers no STARTTLS"
	}
	return "takes no connection of ours: " + unreachable(err)
}

const feedHealthSQL = `
SELECT url, state, problem, coalesce(@now - good_at, interval '0') > @stale
FROM feed
WHERE EXISTS (SELECT
              FROM newsletter_feed nf
              JOIN newsletter n ON n.id = nf.newsletter_id
              WHERE nf.feed_id = feed.id
                AND n.archived_at IS NULL)
ORDER BY id`

func (a *App) diagnoseFeeds(ctx context.Context) []Finding {
	rows, err := a.Pool.Query(ctx, feedHealthSQL, namedNow(a.Clock.Now(), article.Stale))
	if err != nil {
		return []Finding{{"feeds", Bad, err.Error(), "run vistka migrate"}}
	}
	defer rows.Close()
	var out []Finding
	for rows.Next() {
		var url, state string
		var problem *locale.Message
		var stale bool
		if err := rows.Scan(&url, &state, &problem, &stale); err != nil {
			return append(out, Finding{"feeds", Bad, err.Error(), ""})
		}
		f := Finding{About: "feed " + url, Grade: Good, Words: "read without trouble"}
		switch {
		case problem != nil:
			f.Grade, f.Words, f.Fix = Bad, a.Catalog.For("en").Say(*problem), "open the address in a browser; vistka feed check shows what Vistka sees"
		case state == "paused":
			f.Grade, f.Words, f.Fix = Warn, "is paused and not read", "resume it on the page Feeds"
		case state == "gone":
			f.Grade, f.Words, f.Fix = Warn, "is gone, says the site, and not read any more", "add the feed's new address"
		case stale:
			f.Grade, f.Words, f.Fix = Warn, "not read for two hours", "is a process with the role jobs running?"
		}
		out = append(out, f)
	}
	if len(out) == 0 {
		return []Finding{{"feeds", Warn, "there is none", "vistka feed add --newsletter SLUG URL"}}
	}
	return out
}

type resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

const sendersSQL = `
SELECT DISTINCT lower(split_part(from_address, '@', 2)) AS domain
FROM newsletter
WHERE archived_at IS NULL
ORDER BY domain`

// selectors are the DKIM selectors that relays use most; a DNS zone cannot be
// asked which it has.
var selectors = [...]string{"default", "dkim", "mail", "s1", "s2", "k1", "k2", "selector1", "selector2", "google", "pm", "mandrill", "smtp"}

func (a *App) diagnoseDNS(ctx context.Context, dns resolver) []Finding {
	rows, err := a.Pool.Query(ctx, sendersSQL)
	if err != nil {
		return []Finding{{"DNS", Bad, err.Error(), "run vistka migrate"}}
	}
	defer rows.Close()
	var out []Finding
	for rows.Next() {
		var domain string
		if err := rows.Scan(&domain); err != nil {
			return append(out, Finding{"DNS", Bad, err.Error(), ""})
		}
		out = append(out, diagnoseDomain(ctx, dns, domain, a.log)...)
	}
	return out
}

func diagnoseDomain(ctx context.Context, dns resolver, domain string, log *slog.Logger) []Finding {
	has := func(name, prefix string) bool {
		ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
		defer cancel()
		records, err := dns.LookupTXT(ctx, name)
		if err != nil {
			log.Debug("look up TXT", "name", name, "error", err)
		}
		for _, r := range records {
			if strings.HasPrefix(strings.ToLower(r), prefix) {
				return true
			}
		}
		return false
	}
	check := func(what, fix string, ok bool) Finding {
		if ok {
			return Finding{About: domain, Grade: Good, Words: what + " record found"}
		}
		return Finding{domain, Warn, "no " + what + " record found", fix}
	}
	dkim := false
	for _, s := range selectors {
		if dkim = has(s+"._domainkey."+domain, "v=dkim1") || has(s+"._domainkey."+domain, "k=rsa"); dkim {
			break
		}
	}
	return []Finding{
		check("SPF", "add a TXT record to "+domain+" that names your relay, like \"v=spf1 include:relay.example -all\"", has(domain, "v=spf1")),
		check("DKIM", "paste the DKIM record that your relay shows; if its selector is an unusual one, ignore this", dkim),
		check("DMARC", "add a TXT record to _dmarc."+domain+", like \"v=DMARC1; p=quarantine\"", has("_dmarc."+domain, "v=dmarc1")),
	}
}
