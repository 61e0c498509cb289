package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

type abuseCommand struct {
	Posts     int `default:"10000" help:"Posts for one address, in all its spellings."`
	Addresses int `default:"5000" help:"Addresses that a flood signs up."`
	Networks  int `default:"500" help:"Addresses that the flood comes from."`
	Budget    int `default:"500" help:"Confirmation mails an hour."`
	Timings   int `default:"300" help:"Posts per state of an address, for the time that its answer takes."`
}

// Help says what is done.
func (abuseCommand) Help() string {
	return `Does to the sign-up form what list bombers do, and fails if they get more than they may.

one address: a mailbox is signed up again and again, in every spelling and from ever new networks, by the form and as JSON.
flood: addresses nobody knows, from networks that each come back ten times. Afterwards a reader from elsewhere signs up, and one
whose browser names no site.
answers: the time from a post's first octet to its answer's last, by what is known of the address; the posts of all states take
turns. The states should not be told apart by it.`
}

// abuseResult is what came of it.
type abuseResult struct {
	Posts, Mails       int // one address
	Flood, Accepted    int
	FloodMails, Budget int
	FloodSeconds       float64
	HonestSeconds      float64 // from the press to the relay's 250
	PressedSeconds     float64 // the same for who had to press once more
	Answers            []answerTime
}

// oneAddressAllowed is what a mailbox gets in a day.
const oneAddressAllowed = 3

// Run does it.
func (c abuseCommand) Run(ctx context.Context, s *session) error {
	return withLab(ctx, s, func(l *lab) error {
		if err := l.newsletter(ctx, signupName, statesSeeded*c.Timings); err != nil {
			return err
		}
		r := &besieging{abuseCommand: c, lab: l, got: abuseResult{Posts: c.Posts, Flood: c.Addresses, Budget: c.Budget}}
		if err := errors.Join(r.with(ctx, unlimited, r.answers), r.with(ctx, c.Budget, r.oneAddress, r.flood)); err != nil {
			return err
		}
		return l.report(ctx, c, r.got, r.print)
	})
}

type besieging struct {
	abuseCommand
	lab *lab
	got abuseResult
}

// unlimited is a budget that nothing here spends.
const unlimited = 100_000_000

// with runs steps, one after another, against a service with a budget.
func (r *besieging) with(ctx context.Context, budget int, steps ...func(context.Context, *crowd) error) (err error) {
	relay, err := startSink(ctx, true)
	if err != nil {
		return err
	}
	defer relay.stop() //nolint:errcheck // it holds nothing
	s, err := r.lab.serve(ctx, relayURL(relay.addr, signupConnections), "VISTKA_TRUSTED_PROXIES=127.0.0.0/8", budgetSetting(budget))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	for _, step := range steps {
		if _, err := r.lab.db.Exec(ctx, sqlForgetMails); err != nil {
			return err
		}
		if err := step(ctx, newCrowd(s.url, r.lab.site.url(), 0, abuseConnections)); err != nil {
			return err
		}
	}
	return nil
}

func budgetSetting(perHour int) string {
	return "VISTKA_CONFIRMATIONS_PER_HOUR=" + strconv.Itoa(perHour)
}

const abuseConnections = 16

// oneAddress signs one mailbox up.
func (r *besieging) oneAddress(ctx context.Context, c *crowd) error {
	r.lab.say("%d posts for one address", r.Posts)
	err := eachOf(ctx, r.Posts, func(ctx context.Context, n int) error {
		locals := []string{"victim", "v.ictim", "vic.tim", "VICTIM", "v.i.c.t.i.m"}
		address := fmt.Sprintf("%s%s@example.org", locals[n%len(locals)], []string{"", "+" + strconv.Itoa(n), "+a.b"}[n%3])
		from := fmt.Sprintf("10.%d.%d.1", n>>8&0xff, n&0xff)
		send := c.form
		if n%2 == 0 {
			send = c.json
		}
		status, _, err := send(ctx, address, from, c.site)
		if err == nil && status != http.StatusOK && status != http.StatusAccepted && status != http.StatusTooManyRequests {
			err = fmt.Errorf("%s", http.StatusText(status))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("one address: %w", err)
	}
	if r.got.Mails, err = r.settled(ctx); err != nil {
		return err
	}
	if r.got.Mails < 1 || r.got.Mails > oneAddressAllowed {
		return fmt.Errorf("one address got %d mails", r.got.Mails)
	}
	return nil
}

// flood signs up addresses, and then two readers come.
func (r *besieging) flood(ctx context.Context, c *crowd) error {
	r.lab.say("a flood of %d addresses from %d networks", r.Addresses, r.Networks)
	began := time.Now()
	accepted := make([]bool, r.Addresses+1)
	err := eachOf(ctx, r.Addresses, func(ctx context.Context, n int) error {
		network := n % r.Networks
		status, _, err := c.form(ctx, fmt.Sprintf("reader%d@example%d.org", n, n%97), fmt.Sprintf("127.%d.%d.9", network>>8, network&0xff), c.site)
		accepted[n] = status == http.StatusOK
		return err
	})
	if err != nil {
		return fmt.Errorf("flood: %w", err)
	}
	r.got.FloodSeconds = time.Since(began).Seconds()
	for _, yes := range accepted {
		if yes {
			r.got.Accepted++
		}
	}
	r.lab.say("a reader from elsewhere")
	if r.got.HonestSeconds, err = r.reader(ctx, "nadia@example.net", func() error {
		status, _, err := c.form(ctx, "nadia@example.net", "203.0.113.9", c.site)
		return isOK(status, err)
	}); err != nil {
		return err
	}
	r.lab.say("a reader whose browser names no site")
	if r.got.PressedSeconds, err = r.reader(ctx, "olena@example.net", func() error { return r.pressed(ctx, c) }); err != nil {
		return err
	}
	if r.got.FloodMails, err = r.settled(ctx); err != nil {
		return err
	}
	if r.got.FloodMails > r.Budget {
		return fmt.Errorf("the flood made %d mails, the budget is %d", r.got.FloodMails, r.Budget)
	}
	return nil
}

func isOK(status int, err error) error {
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("a reader is answered %d", status)
	}
	return err
}

// readerPatience is how long a reader may wait for the mail in mid-attack.
const readerPatience = 3 * time.Minute

// reader lets one sign up, and returns the seconds until the relay has the mail.
func (r *besieging) reader(ctx context.Context, address string, press func() error) (float64, error) {
	if err := press(); err != nil {
		return 0, err
	}
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, readerPatience, fmt.Errorf("no mail to %s after %s", address, readerPatience))
	defer cancel()
	for {
		var sent bool
		if err := r.lab.db.QueryRow(ctx, sqlMailedTo, pgx.StrictNamedArgs{"address": address}).Scan(&sent); err != nil {
			return 0, err
		}
		if sent {
			return time.Since(began).Seconds(), nil
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return 0, err
		}
	}
}

var formToken = regexp.MustCompile(`name="form" value="([^"]+)"`)

// pressed posts without an Origin, and then presses the button of the page that
// comes instead.
func (r *besieging) pressed(ctx context.Context, c *crowd) error {
	status, body, err := c.form(ctx, "olena@example.net", "198.51.100.7", "")
	if err != nil {
		return err
	}
	token := formToken.FindStringSubmatch(body)
	if status != http.StatusTooManyRequests || token == nil {
		return fmt.Errorf("a post that proves nothing is answered %d", status)
	}
	if err := pause(ctx, 3*time.Second); err != nil { // sooner is no person
		return err
	}
	status, _, err = c.post(ctx, "/subscribe", formType, formOf("olena@example.net", c.site, url.Values{"form": {token[1]}}), "198.51.100.7", c.url)
	return isOK(status, err)
}

// settled waits until nothing is queued, and returns how many mails went out.
func (r *besieging) settled(ctx context.Context) (mails int, err error) {
	for {
		var open int
		if err := r.lab.db.QueryRow(ctx, sqlAnswerMails).Scan(&open, &mails); err != nil {
			return 0, err
		}
		if open == 0 {
			return mails, nil
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return 0, err
		}
	}
}
