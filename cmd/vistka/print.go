package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// printJSON is what --json gives: one indented document.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// say prints what came of a command: v with --json, else the words.
func (s *session) say(asJSON bool, v any, format string, args ...any) error {
	if asJSON {
		return printJSON(s.out, v)
	}
	_, err := fmt.Fprintf(s.out, format, args...)
	return err
}

// printTable aligns rows under headings.
func printTable(w io.Writer, headings []any, rows [][]any) error {
	t := tabwriter.NewWriter(w, 0, 4, 3, ' ', 0)
	for _, row := range append([][]any{headings}, rows...) {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(t, "\t")
			}
			fmt.Fprint(t, cell)
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}
