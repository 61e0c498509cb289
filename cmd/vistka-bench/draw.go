package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// report writes every sample as JSON, or what draw makes of them, and in any
// case which machine they are from.
func (l *lab) report(ctx context.Context, options, samples any, draw func(io.Writer) error) error {
	m, err := l.machine(ctx)
	if err != nil {
		return err
	}
	if !l.JSON {
		fmt.Fprintf(l.out, "%s\n", m)
		return draw(l.out)
	}
	e := json.NewEncoder(l.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(struct {
		Machine machine
		Options any
		Samples any
	}{m, options, samples})
}

// printTable aligns cells under headings, numbers to the right.
func printTable(w io.Writer, headings []string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, strings.Join(headings, "\t")+"\t")
	for _, row := range rows {
		fmt.Fprintln(t, strings.Join(row, "\t")+"\t")
	}
	return t.Flush()
}

// bar is one line of a drawing.
type bar struct {
	label string
	value float64
	words string // beside it
}

const barWidth = 40 // of the longest

// printBars draws values from zero, to one scale.
func printBars(w io.Writer, title string, bars []bar) {
	var most float64
	var widest int
	for _, b := range bars {
		most, widest = max(most, b.value), max(widest, utf8.RuneCountInString(b.label))
	}
	fmt.Fprintf(w, "\n%s\n", title)
	for _, b := range bars {
		fmt.Fprintf(w, "  %*s  %s %s\n", widest, b.label, drawn(b.value, most), b.words)
	}
}

// drawn is a bar in eighths of a character.
func drawn(value, most float64) string {
	if most <= 0 || value <= 0 {
		return ""
	}
	eighths := int(math.Round(value / most * barWidth * 8))
	line := strings.Repeat("█", eighths/8)
	if part := eighths % 8; part > 0 {
		line += string([]rune("▏▎▍▌▋▊▉")[part-1])
	}
	return line
}
