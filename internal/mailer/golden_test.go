package mailer_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/*.eml anew")

func TestEveryMailIsAsItWasLookedAt(t *testing.T) {
	t.Parallel()
	for name, c := range everyMail(t, newRenderer(t)) {
		got := c.Append(nil, reader)
		file := filepath.Join("testdata", name+".eml")
		if *update {
			if err := os.WriteFile(file, got, 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (run with -update after looking):\n%s", name, diff)
		}
	}
}
