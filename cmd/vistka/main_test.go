package main

import (
	"strings"
	"testing"
	"time"
)

func TestLogsSayTheUnitOfTime(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "text"} {
		var out strings.Builder
		newLogger(format, &out).With("since", 2*time.Second).WithGroup("a").Info("done", "took", 4617217*time.Nanosecond)
		if s := out.String(); !strings.Contains(s, "4.62ms") || !strings.Contains(s, "2s") {
			t.Errorf("%s: %s", format, s)
		}
	}
}
