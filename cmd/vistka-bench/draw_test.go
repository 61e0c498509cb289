package main

import (
	"strings"
	"testing"
)

func TestDrawn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		value, most float64
		want        string
	}{
		{40, 40, strings.Repeat("█", barWidth)},
		{20, 40, strings.Repeat("█", barWidth/2)},
		{1, 40, "█"},
		{1.5, 40, "█▌"},
		{0.125, 40, "▏"},
		{0, 40, ""},
		{0, 0, ""},
	} {
		if got := drawn(tc.value, tc.most); got != tc.want {
			t.Errorf("%v of %v: %q, want %q", tc.value, tc.most, got, tc.want)
		}
	}
}

func TestPrintBarsInOneScale(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	printBars(&out, "mails a second", []bar{{"a", 10, "ten"}, {"bcd", 5, "five"}})
	want := "\nmails a second\n    a  " + strings.Repeat("█", 40) + " ten\n  bcd  " + strings.Repeat("█", 20) + " five\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
