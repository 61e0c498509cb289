package app_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What a comment names as a rule stands in docs/rules.md.
func TestRulesAreWritten(t *testing.T) {
	t.Parallel()
	rules, err := os.ReadFile(filepath.Join(root, "docs", "rules.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`\brule\s+(?:// )?([A-I]\d+)\b`)
	seen := 0
	for _, s := range sources(t) {
		text, err := os.ReadFile(filepath.Join(root, s.path))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			seen++
			if !strings.Contains(string(rules), "- **"+m[1]+"** ") {
				t.Errorf("%s names rule %s, which docs/rules.md does not have", s.path, m[1])
			}
		}
	}
	if seen == 0 {
		t.Error("no rule is named anywhere")
	}
}
