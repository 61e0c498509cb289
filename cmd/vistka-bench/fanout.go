package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
)

type fanoutCommand struct {
	Readers     int `default:"1000000" placeholder:"N" help:"Readers of an edition."`
	Connections int `default:"32" placeholder:"N" help:"Connections to the relay."`
	Rounds      int `default:"1" help:"How often all sides run, in turn."`
}

// Help says what the figures mean.
func (fanoutCommand) Help() string {
	return `An article is released; its deliveries are made in pages while the first mails go out already.

while sending: as in life. without sending: the relay is kept busy, so that the fan-out has the machine for itself. one statement:
PostgreSQL's own speed: as many marks moved and rows inserted, on copies of the two tables, in one statement that locks no
pages, asks for nobody's consent and cannot be interrupted.

seconds: from the article's release until the last delivery is made. first mail: from its release until the relay's first 250.
CPU: of vistka and of all PostgreSQL's processes until the last delivery is made; what is sent meanwhile is in it.`
}

const (
	whileSending = "while sending"
	alone        = "without sending"
	oneStatement = "one statement"
)

// fanSample is what one side did in one round.
type fanSample struct {
	Side         string
	Round        int
	Readers      int
	Seconds      float64
	FirstSeconds float64 `json:",omitempty"` // release to the first accepted mail
	CPU          float64 `json:",omitempty"` // seconds
	PostgresCPU  float64 // seconds
}

type fanning struct {
	fanoutCommand
	lab     *lab
	samples []fanSample
}

const (
	fanName    = "fanout"
	fanLetters = 1000
	fanPoll    = 20 * time.Millisecond
	fanLimit   = 15 * time.Minute // of one side
)

// Run measures and prints.
func (c fanoutCommand) Run(ctx context.Context, s *session) error {
	return withLab(ctx, s, func(l *lab) error {
		r := &fanning{fanoutCommand: c, lab: l}
		l.say("making %d readers", c.Readers)
		if err := l.newsletter(ctx, fanName, c.Readers); err != nil {
			return err
		}
		for round := 1; round <= c.Rounds; round++ {
			for _, side := range []string{whileSending, alone, oneStatement} {
				l.say("round %d of %d: %s", round, c.Rounds, side)
				got, err := r.side(ctx, side)
				if err != nil {
					return fmt.Errorf("%s: %w", side, err)
				}
				l.say("  %.2f s", got.Seconds)
				got.Side, got.Round, got.Readers = side, round, c.Readers
				r.samples = append(r.samples, got)
			}
		}
		return l.report(ctx, c, r.samples, r.print)
	})
}

func (r *fanning) side(ctx context.Context, side string) (fanSample, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, fanLimit, fmt.Errorf("not done after %s", fanLimit))
	defer cancel()
	if err := r.lab.tidy(ctx); err != nil {
		return fanSample{}, err
	}
	if side == oneStatement {
		return r.statement(ctx)
	}
	return r.ours(ctx, side == alone)
}

func (r *fanning) ours(ctx context.Context, alone bool) (got fanSample, err error) {
	relay, err := startSink(ctx, true)
	if err != nil {
		return got, err
	}
	defer relay.stop() //nolint:errcheck // it holds nothing
	if alone {
		if _, err := r.lab.db.Exec(ctx, sqlHoldRelay, pgx.StrictNamedArgs{"name": relay.addr}); err != nil {
			return got, fmt.Errorf("hold relay: %w", err)
		}
	}
	s, err := r.lab.serve(ctx, relayURL(relay.addr, r.Connections))
	if err != nil {
		return got, err
	}
	// What is left to send is forgotten, so that it does not go out in the next round.
	defer func() { err = errors.Join(err, s.stop(), r.lab.forget(ctx)) }()
	used := r.lab.watch(s)
	m, err := r.lab.publish(ctx, s, fanName, fanLetters)
	if err != nil {
		return got, err
	}
	made, err := m.fanned(ctx, s, fanPoll)
	if err != nil {
		return got, err
	}
	if got.CPU, got.PostgresCPU, err = used(); err != nil {
		return got, err
	}
	a, err := m.account(ctx)
	if err != nil {
		return got, fmt.Errorf("account of the edition: %w", err)
	}
	if a.Deliveries != r.Readers {
		return got, fmt.Errorf("%d readers, %d deliveries", r.Readers, a.Deliveries)
	}
	got.Seconds = made.Sub(a.Released).Seconds()
	if !alone && a.Sent > 0 {
		got.FirstSeconds = a.First.Sub(a.Released).Seconds()
	}
	return got, nil
}

// statement does the same work in one statement.
func (r *fanning) statement(ctx context.Context) (got fanSample, err error) {
	for _, sql := range sqlCopies {
		if _, err := r.lab.db.Exec(ctx, sql, pgx.StrictNamedArgs{}); err != nil {
			return got, fmt.Errorf("copy tables: %w", err)
		}
	}
	if err := r.lab.tidy(ctx); err != nil {
		return got, err
	}
	before, err := r.lab.postgresCPU()
	if err != nil {
		return got, err
	}
	begin := time.Now()
	tag, err := r.lab.db.Exec(ctx, sqlOneStatement)
	got.Seconds = time.Since(begin).Seconds()
	if err != nil || int(tag.RowsAffected()) != r.Readers {
		return got, fmt.Errorf("%d rows: %w", tag.RowsAffected(), err)
	}
	after, err := r.lab.postgresCPU()
	got.PostgresCPU = (after - before).Seconds()
	return got, err
}

func (r *fanning) median(side string, figure func(fanSample) float64) float64 {
	return medianOf(r.samples, func(s fanSample) bool { return s.Side == side }, figure)
}

func (r *fanning) print(w io.Writer) error {
	fmt.Fprintf(w, "%d readers, %d rounds, medians\n\n", r.Readers, r.Rounds)
	seconds := func(s fanSample) float64 { return s.Seconds }
	base := r.median(oneStatement, seconds)
	var rows [][]string
	var bars []bar
	for _, side := range []string{whileSending, alone, oneStatement} {
		took := r.median(side, seconds)
		first, cpu := "", ""
		if side == whileSending {
			first = fmt.Sprintf("%.2f", r.median(side, func(s fanSample) float64 { return s.FirstSeconds }))
		}
		if side != oneStatement {
			cpu = fmt.Sprintf("%.2f", r.median(side, func(s fanSample) float64 { return s.CPU }))
		}
		pg := fmt.Sprintf("%.2f", r.median(side, func(s fanSample) float64 { return s.PostgresCPU }))
		ratio := fmt.Sprintf("%.2f", took/base)
		rows = append(rows, []string{side, fmt.Sprintf("%.2f", took), ratio, fmt.Sprintf("%.0f", float64(r.Readers)/took), first, cpu, pg})
		bars = append(bars, bar{side, took, fmt.Sprintf("%.2f s, %s ×", took, ratio)})
	}
	err := printTable(w, []string{"side", "seconds", "× one statement", "deliveries/s", "first mail after s", "CPU s", "PostgreSQL CPU s"}, rows)
	printBars(w, "seconds until the last delivery is made", bars)
	return err
}
