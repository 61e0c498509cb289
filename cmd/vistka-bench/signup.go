package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

type signupCommand struct {
	Connections []int         `default:"1,16,64" placeholder:"N" help:"Readers who press at the same time; each number is a run."`
	For         time.Duration `default:"10s" help:"How long each run lasts."`
	Rounds      int           `default:"1" help:"How often all runs are done, in turn."`
	Profile     string        `type:"path" placeholder:"DIR" help:"Write profiles of vistka there, a directory for each number of connections: cpu.pprof of the first seconds, allocs.pprof of all of it."`
}

// Help says what the figures mean.
func (signupCommand) Help() string {
	return `Readers send the form under an article: each with an address and a network of their own, from a site that the newsletter lists.
Every check and limit is on, but for the budget of confirmation mails, which would hold all but the first few hundred, and the
question to the DNS whether a domain takes mail, which a reader answers who sends an address again. Meanwhile the confirmations go out through smtp-sink.

single commits: as many connections to PostgreSQL, each inserting one row and committing it, again and again. A sign-up is several
statements, so this is a limit and not a rival.

p50, p99: from the request's first octet to the answer's last. confirmed after: from the form's arrival until the relay has taken
the confirmation, p99. CPU: of vistka and of all PostgreSQL's processes while the forms came. smtp-sink's, and this program's own,
which plays the readers, take from both.`
}

const (
	ourSignups = "vistka"
	commits    = "single commits"
	signupName = "signup"
	// signupConnections is how many confirmations may be handed over at once.
	signupConnections = 8
)

// signupSample is what one side did in one run.
type signupSample struct {
	Side         string
	Round        int
	Connections  int
	Count        int
	Rate         float64 // a second
	P50, P99     float64 // seconds
	ConfirmedP99 float64 `json:",omitempty"` // seconds
	CPU          float64 `json:",omitempty"` // seconds
	PostgresCPU  float64 // seconds
	SinkCPU      float64 `json:",omitempty"` // seconds
	BenchCPU     float64 // seconds
}

type signing struct {
	signupCommand
	lab     *lab
	samples []signupSample
	runs    int // so far; each has addresses of its own
}

// Run measures and prints.
func (c signupCommand) Run(ctx context.Context, s *session) error {
	return withLab(ctx, s, func(l *lab) error {
		r := &signing{signupCommand: c, lab: l}
		if err := l.newsletter(ctx, signupName, 1); err != nil {
			return err
		}
		for round := 1; round <= c.Rounds; round++ {
			for _, connections := range c.Connections {
				for _, side := range []string{ourSignups, commits} {
					l.say("round %d of %d, %d connections: %s", round, c.Rounds, connections, side)
					got, err := r.side(ctx, side, connections)
					if err != nil {
						return fmt.Errorf("%s: %w", side, err)
					}
					l.say("  %.0f a second, p99 %.1f ms", got.Rate, got.P99*1000)
					got.Side, got.Round, got.Connections = side, round, connections
					r.samples = append(r.samples, got)
				}
			}
		}
		return l.report(ctx, c, r.samples, r.print)
	})
}

// signupLimit is what a run may take beyond the time of its forms.
const signupLimit = 5 * time.Minute

func (r *signing) side(ctx context.Context, side string, connections int) (signupSample, error) {
	limit := r.For + signupLimit
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done after %s", limit))
	defer cancel()
	if err := r.lab.tidy(ctx); err != nil {
		return signupSample{}, err
	}
	if side == commits {
		return r.commits(ctx, connections)
	}
	return r.ours(ctx, connections)
}

func (r *signing) ours(ctx context.Context, connections int) (got signupSample, err error) {
	relay, err := startSink(ctx, true)
	if err != nil {
		return got, err
	}
	defer relay.stop() //nolint:errcheck // it holds nothing
	p, err := r.profiler(connections)
	if err != nil {
		return got, err
	}
	// The readers' networks are told as a reverse proxy tells them.
	env := append(p.env(), "VISTKA_TRUSTED_PROXIES=127.0.0.0/8", budgetSetting(unlimited))
	s, err := r.lab.serve(ctx, relayURL(relay.addr, signupConnections), env...)
	if err != nil {
		return got, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	var after int64
	if err := r.lab.db.QueryRow(ctx, sqlLastSignup).Scan(&after); err != nil {
		return got, err
	}
	r.runs++
	crowd := newCrowd(s.url, r.lab.site.url(), r.runs, connections)
	used := r.lab.watch(s)
	before, err := cpuOf(relay.pid())
	if err != nil {
		return got, err
	}
	p.begin(ctx)
	if got, err = press(ctx, connections, r.For, func(ctx context.Context, _, n int) error { return crowd.signUp(ctx, n) }); err != nil {
		return got, err
	}
	if got.CPU, got.PostgresCPU, err = used(); err != nil {
		return got, err
	}
	sunk, err := cpuOf(relay.pid())
	if err != nil {
		return got, err
	}
	got.SinkCPU = (sunk - before).Seconds()
	if err := r.confirmed(ctx, s, after, &got); err != nil {
		return got, err
	}
	return got, p.end(ctx)
}

// profiler is for the first run with so many connections only.
func (r *signing) profiler(connections int) (*profiler, error) {
	done := slices.ContainsFunc(r.samples, func(s signupSample) bool { return s.Side == ourSignups && s.Connections == connections })
	if r.Profile == "" || done {
		return &profiler{}, nil
	}
	return newProfiler(filepath.Join(r.Profile, strconv.Itoa(connections)))
}

// confirmed waits until every confirmation is out.
func (r *signing) confirmed(ctx context.Context, s *service, after int64, got *signupSample) error {
	for {
		var signups, sent int
		var p99 *float64
		err := r.lab.db.QueryRow(ctx, sqlConfirmations, pgx.StrictNamedArgs{"after": after}).Scan(&signups, &sent, &p99)
		if err != nil {
			return fmt.Errorf("count confirmations: %w", err)
		}
		if signups != got.Count {
			return fmt.Errorf("%d forms were taken, and there are %d sign-ups", got.Count, signups)
		}
		if sent == signups && p99 != nil {
			got.ConfirmedP99 = *p99
			return nil
		}
		if err := errors.Join(s.alive(), pause(ctx, time.Second)); err != nil {
			return fmt.Errorf("%d of %d confirmations are out: %w", sent, signups, err)
		}
	}
}
