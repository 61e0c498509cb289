package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"vistka/internal/mailer/smtptest"
)

// gauge is what makes both sides' mails equally large on the wire.
type gauge struct {
	Wanted  octets // as asked for
	Mail    int    // octets of our mail, header and body
	letters int    // of an article's text whose mail is that large
	payload int    // what smtp-source is told so that its mail is, too
}

const (
	gaugeName     = "gauge"
	gaugeTries    = 5
	gaugePatience = time.Minute
	precision     = 50 // a mail may be a fiftieth off
	firstLetters  = 1000
	perLetter     = 5 // octets: the text stands in the mail twice, with its links
)

// measure mails articles to one reader until one is as large as wanted, and
// finds how long smtp-source's header is.
func (l *lab) measure(ctx context.Context, wanted octets) (gauge, error) {
	l.say("finding an article whose mail is %s", wanted)
	relay, err := smtptest.Start(smtptest.Options{NoSync: true})
	if err != nil {
		return gauge{}, err
	}
	defer relay.Close()
	g := gauge{Wanted: wanted}
	if err := l.gaugeArticle(ctx, relay, &g); err != nil {
		return g, fmt.Errorf("find an article whose mail is %s: %w", wanted, err)
	}
	err = g.gaugeSource(ctx, relay)
	l.say("our mail has %d octets on the wire, smtp-source's the same", g.Mail)
	return g, err
}

func (l *lab) gaugeArticle(ctx context.Context, relay *smtptest.Server, g *gauge) error {
	if err := l.newsletter(ctx, gaugeName, 1); err != nil {
		return err
	}
	s, err := l.serve(ctx, relayURL(relay.Addr(), 1))
	if err != nil {
		return err
	}
	defer s.stop() //nolint:errcheck // it has nothing left to do
	g.letters = firstLetters
	for try := range gaugeTries {
		l.site.publish(gaugeName, story{Title: fmt.Sprintf("Gauge %d", try), Text: filler(g.letters)})
		if g.Mail, err = l.nextMail(ctx, relay, func() error { return s.ping(l.site.feed(gaugeName)) }); err != nil {
			return err
		}
		l.say("  %d letters make %d octets", g.letters, g.Mail)
		off := int(g.Wanted) - g.Mail
		if off*precision <= int(g.Wanted) && -off*precision <= int(g.Wanted) {
			return nil
		}
		g.letters += off / perLetter
		if g.letters < 0 {
			return fmt.Errorf("the smallest mail has %d octets", g.Mail)
		}
	}
	return fmt.Errorf("the nearest has %d: a mail shows no more than the beginning of an article", g.Mail)
}

// nextMail does something that makes a mail come and returns its octets.
func (l *lab) nextMail(ctx context.Context, relay *smtptest.Server, do func() error) (int, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, gaugePatience, errors.New("no mail came"))
	defer cancel()
	grown := relay.Journal.Grown()
	if err := do(); err != nil {
		return 0, err
	}
	select {
	case <-grown:
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	mails := relay.Journal.Mails()
	return len(mails[len(mails)-1].Data), nil
}

func (g *gauge) gaugeSource(ctx context.Context, relay *smtptest.Server) error {
	const probe = 1000
	if _, _, err := source(ctx, relay.Addr(), 1, 1, probe); err != nil {
		return err
	}
	mails := relay.Journal.Mails()
	g.payload = g.Mail - (len(mails[len(mails)-1].Data) - probe)
	return nil
}

// octets is a size on the command line: 11264, 11KB (of a thousand).
type octets int

// UnmarshalText reads one. Returns an error for anything else, and for none.
func (o *octets) UnmarshalText(text []byte) error {
	s, factor := string(text), 1
	if n := len(s) - len("KB"); n > 0 && (s[n:] == "KB" || s[n:] == "kB") {
		s, factor = s[:n], 1000
	}
	n, err := strconv.Atoi(s)
	if err != nil || n <= 0 {
		return fmt.Errorf("%q: write a size like 11KB", text)
	}
	*o = octets(n * factor)
	return nil
}

// String is the size in octets.
func (o octets) String() string { return strconv.Itoa(int(o)) + " octets" }

// relayURL is how vistka is told of a relay.
func relayURL(addr string, connections int) string {
	return fmt.Sprintf("smtp://%s?tls=none&connections=%d", addr, connections)
}
