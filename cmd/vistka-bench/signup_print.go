package main

import (
	"fmt"
	"io"
)

func (r *signing) print(w io.Writer) error {
	fmt.Fprintf(w, "%s each, %d rounds, medians\n\n", r.For, r.Rounds)
	var rows [][]string
	var rates, waits []bar
	for _, connections := range r.Connections {
		of := func(side string, get func(signupSample) float64) float64 {
			return medianOf(r.samples, func(s signupSample) bool { return s.Side == side && s.Connections == connections }, get)
		}
		rate := func(s signupSample) float64 { return s.Rate }
		base := of(commits, rate)
		for _, side := range []string{ourSignups, commits} {
			label := fmt.Sprintf("%s, %d", side, connections)
			p50, p99 := 1000*of(side, func(s signupSample) float64 { return s.P50 }), 1000*of(side, func(s signupSample) float64 { return s.P99 })
			row := []string{
				label, fmt.Sprintf("%.0f", of(side, rate)), fmt.Sprintf("%.2f", of(side, rate)/base), fmt.Sprintf("%.1f", p50), fmt.Sprintf("%.1f", p99), "", "",
				fmt.Sprintf("%.2f", of(side, func(s signupSample) float64 { return s.PostgresCPU })),
				"",
				fmt.Sprintf("%.2f", of(side, func(s signupSample) float64 { return s.BenchCPU })),
			}
			if side == ourSignups {
				row[5] = fmt.Sprintf("%.2f", of(side, func(s signupSample) float64 { return s.ConfirmedP99 }))
				row[6] = fmt.Sprintf("%.2f", of(side, func(s signupSample) float64 { return s.CPU }))
				row[8] = fmt.Sprintf("%.2f", of(side, func(s signupSample) float64 { return s.SinkCPU }))
				waits = append(waits, bar{label + ", p50", p50, fmt.Sprintf("%.1f", p50)}, bar{label + ", p99", p99, fmt.Sprintf("%.1f", p99)})
			}
			rows = append(rows, row)
			rates = append(rates, bar{label, of(side, rate), fmt.Sprintf("%.0f, %.2f ×", of(side, rate), of(side, rate)/base)})
		}
	}
	err := printTable(w, []string{
		"side, connections", "a second", "× commits", "p50 ms", "p99 ms", "confirmed after s", "CPU s", "PostgreSQL CPU s", "sink CPU s", "bench CPU s",
	}, rows)
	printBars(w, "sign-ups a second, and how that is to single commits", rates)
	printBars(w, "milliseconds until the answer", waits)
	return err
}
