package main

import (
	"fmt"
	"io"
	"math"
)

// print writes medians with their ratios and drawings.
func (r *sending) print(w io.Writer) error {
	fmt.Fprintf(w, "%d connections, mails of %d octets, %d rounds, medians", r.Connections, r.gauge.Mail, r.Rounds)
	if r.Delay > 0 {
		fmt.Fprintf(w, ", a round trip to the relay takes %.1f ms", median(r.roundTrips))
	}
	if r.FanOutFirst {
		fmt.Fprint(w, ", fan-out first")
	}
	fmt.Fprint(w, "\n\n")
	var rows [][]string
	var rates, costs []bar
	for _, readers := range r.Readers {
		base := r.median(reference, readers)
		for _, side := range r.sides() {
			m := r.median(side, readers)
			label := fmt.Sprintf("%s, %d", side, readers)
			rows = append(rows, m.row(label, base))
			rates = append(rates, bar{label, m.Rate, fmt.Sprintf("%.0f, %.2f ×", m.Rate, m.Rate/base.Rate)})
			costs = append(costs, bar{label, m.perMail(m.CPU), fmt.Sprintf("%.0f", m.perMail(m.CPU))})
			if side != reference {
				costs = append(costs, bar{"its PostgreSQL", m.perMail(m.PostgresCPU), fmt.Sprintf("%.0f", m.perMail(m.PostgresCPU))})
			}
		}
	}
	headings := []string{
		"side, readers", "mails/s", "× smtp-source", "CPU s", "× smtp-source", "PostgreSQL CPU s", "smtp-sink CPU s", "idle MB", "peak above MB", "first mail after s",
	}
	if err := printTable(w, headings, rows); err != nil {
		return err
	}
	printBars(w, "mails a second, and how that is to smtp-source", rates)
	printBars(w, "processor time of a mail, µs", costs)
	if r.Delay > 0 {
		with, without := r.median(ours, r.Readers[0]), r.median(unpiped, r.Readers[0])
		fmt.Fprintf(w, "\nwith PIPELINING %.1f mails a second and connection, without %.1f: %.2f ×\n",
			with.Rate/float64(r.Connections), without.Rate/float64(r.Connections), with.Rate/without.Rate)
	}
	return nil
}

// median is a side's at one size, each figure by itself.
func (r *sending) median(side string, readers int) sample {
	of := func(figure func(sample) float64) float64 {
		return medianOf(r.samples, func(s sample) bool { return s.Side == side && s.Readers == readers }, figure)
	}
	return sample{
		Side: side, Readers: readers, Mails: readers,
		Rate:         of(func(s sample) float64 { return s.Rate }),
		CPU:          of(func(s sample) float64 { return s.CPU }),
		PostgresCPU:  of(func(s sample) float64 { return s.PostgresCPU }),
		SinkCPU:      of(func(s sample) float64 { return s.SinkCPU }),
		FirstSeconds: of(func(s sample) float64 { return s.FirstSeconds }),
		Idle:         int64(of(func(s sample) float64 { return float64(s.Idle) })),
		Above:        int64(of(func(s sample) float64 { return float64(s.Above) })),
	}
}

// perMail is seconds spread over the mails, in microseconds.
func (s sample) perMail(seconds float64) float64 { return seconds / float64(s.Mails) * 1e6 }

func (s sample) row(label string, base sample) []string {
	row := []string{
		label, fmt.Sprintf("%.0f", s.Rate), fmt.Sprintf("%.2f", s.Rate/base.Rate), fmt.Sprintf("%.2f", s.CPU), fmt.Sprintf("%.2f", s.CPU/base.CPU),
	}
	if s.Side == reference {
		return append(row, "", fmt.Sprintf("%.2f", s.SinkCPU), "", "", "")
	}
	return append(row, fmt.Sprintf("%.2f", s.PostgresCPU), fmt.Sprintf("%.2f", s.SinkCPU), megabytes(s.Idle), megabytes(s.Above), fmt.Sprintf("%.2f", s.FirstSeconds))
}

func megabytes(octets int64) string {
	return fmt.Sprintf("%.1f", math.Round(float64(octets)/1e5)/10)
}
