package main

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

type sendCommand struct {
	Readers     []int         `placeholder:"N" help:"Readers of an edition; several numbers show whether a mail costs the same at every size. Default: 100000, with --delay 1000."`
	Connections int           `placeholder:"N" help:"Connections to the relay. Default: 32, with --delay 1."`
	Rounds      int           `default:"3" help:"How often both sides run, in turn."`
	Size        octets        `default:"11KB" help:"A mail's size on the wire, header and body."`
	Delay       time.Duration `help:"Put the relay so far away, there and back, and run a third side: our own without PIPELINING."`
	Profile     string        `type:"path" placeholder:"DIR" help:"Write profiles of vistka's first run there: cpu.pprof of its first seconds, allocs.pprof of all of it."`
	FanOutFirst bool          `help:"Make all deliveries before the first is sent, so that the sender alone is measured; else an edition runs as in life, from its release."`
}

// Help says what the figures mean.
func (sendCommand) Help() string {
	return `vistka mails an edition through smtp-sink; smtp-source then sends as many mails of the same size over as many connections
to another and keeps no record of them. What is printed:

mails/s: from the first accepted mail to the last, by vistka's own ledger; of smtp-source: its whole run.
CPU s and µs a mail: user and system time of vistka, from the article's appearance until the edition is settled; smtp-source's
own. PostgreSQL's is that of all its processes. smtp-sink's shows what the relay itself takes: on few cores it bounds both.
idle and peak: resident memory before, and the most during the edition above that.`
}

// fill sets what follows from --delay.
func (c *sendCommand) fill() {
	near := c.Delay == 0
	if len(c.Readers) == 0 {
		c.Readers = []int{1000}
		if near {
			c.Readers = []int{100_000}
		}
	}
	if c.Connections == 0 {
		c.Connections = 1
		if near {
			c.Connections = 32
		}
	}
}

const (
	ours      = "vistka"
	unpiped   = "vistka without PIPELINING"
	reference = "smtp-source"
)

// Run measures and prints.
func (c sendCommand) Run(ctx context.Context, s *session) error {
	c.fill()
	return withLab(ctx, s, func(l *lab) error {
		r := &sending{sendCommand: c, lab: l}
		var err error
		if r.gauge, err = l.measure(ctx, c.Size); err != nil {
			return err
		}
		for _, readers := range c.Readers {
			if err := r.size(ctx, readers); err != nil {
				return err
			}
		}
		return l.report(ctx, c, r.samples, r.print)
	})
}

// sending is one run of the command.
type sending struct {
	sendCommand
	lab        *lab
	gauge      gauge
	samples    []sample
	roundTrips []float64 // to a relay that is far away, in ms
}

// sample is what one side did in one round.
type sample struct {
	Side         string
	Readers      int
	Round        int
	Mails        int
	MailSize     int     // octets
	Seconds      float64 // first accepted mail to last
	Rate         float64 // mails a second
	CPU          float64 // seconds
	PostgresCPU  float64 `json:",omitempty"` // seconds
	SinkCPU      float64 // seconds
	FirstSeconds float64 `json:",omitempty"` // release to the first accepted mail
	Idle, Above  int64   `json:",omitempty"` // resident octets, and the most above them
}

func (r *sending) sides() []string {
	if r.Delay > 0 {
		return []string{ours, unpiped, reference}
	}
	return []string{ours, reference}
}

// size runs all rounds with so many readers.
func (r *sending) size(ctx context.Context, readers int) error {
	name := "readers-" + strconv.Itoa(readers)
	r.lab.say("making %d readers", readers)
	if err := r.lab.newsletter(ctx, name, readers); err != nil {
		return err
	}
	for round := 1; round <= r.Rounds; round++ {
		for _, side := range r.sides() {
			if err := r.lab.tidy(ctx); err != nil {
				return err
			}
			r.lab.say("round %d of %d, %d readers: %s", round, r.Rounds, readers, side)
			got, err := r.side(ctx, side, name, readers)
			if err != nil {
				return fmt.Errorf("%s: %w", side, err)
			}
			got.Side, got.Readers, got.Round, got.MailSize = side, readers, round, r.gauge.Mail
			r.lab.say("  %.0f mails/s, CPU %.2f s", got.Rate, got.CPU)
			r.samples = append(r.samples, got)
		}
	}
	return nil
}

// side runs one side once, within a bound of its own.
func (r *sending) side(ctx context.Context, side, name string, readers int) (got sample, err error) {
	limit := 3*time.Minute + time.Duration(readers)*(5*time.Millisecond+10*r.Delay)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done after %s", limit))
	defer cancel()
	relay, err := startSink(ctx, side != unpiped)
	if err != nil {
		return got, err
	}
	defer relay.stop() //nolint:errcheck // it holds nothing
	addr := relay.addr
	if r.Delay > 0 {
		far, err := newFar(relay.addr, r.Delay)
		if err != nil {
			return got, err
		}
		defer far.close()
		addr = far.addr()
		took, err := roundTrip(addr)
		if err != nil {
			return got, err
		}
		r.roundTrips = append(r.roundTrips, took.Seconds()*1000)
	}
	before, err := cpuOf(relay.pid())
	if err != nil {
		return got, err
	}
	if side == reference {
		got, err = r.reference(ctx, addr, readers)
	} else {
		got, err = r.ours(ctx, addr, name, readers)
	}
	if err != nil {
		return got, err
	}
	after, err := cpuOf(relay.pid())
	got.SinkCPU = (after - before).Seconds()
	return got, err
}

func (r *sending) reference(ctx context.Context, addr string, mails int) (sample, error) {
	run, took, err := source(ctx, addr, r.Connections, mails, r.gauge.payload)
	if err != nil {
		return sample{}, err
	}
	return sample{Mails: mails, Seconds: took.Seconds(), Rate: float64(mails) / took.Seconds(), CPU: run.cpu().Seconds()}, nil
}
