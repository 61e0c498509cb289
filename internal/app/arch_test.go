package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const (
	module   = "vistka"
	root     = "../.."
	maxLines = 400
)

// order is the direction of imports: a package may import those of later rows
// only. Whoever adds a package decides here where it belongs.
var order = [][]string{
	{"cmd"},
	{"app"},
	{"server", "admin", "api", "inbox", "demo", "config"},
	{"edition", "delivery"},
	{"article", "subscriber", "newsletter", "hotline", "account", "webhook", "guard"},
	{"page"},
	{"suppression", "mailer", "feed", "bounce", "altcha", "postgres"},
	{"emailaddr", "token", "locale", "colour", "ipblock"},
	{"migrations", "web"},
}

// sideways are the imports within one row that are allowed.
var sideways = map[string]string{
	"edition":     "delivery",
	"subscriber":  "newsletter",
	"article":     "newsletter",
	"suppression": "postgres",
}

// importers narrows who may import a package, beside tests.
var importers = map[string][]string{
	"config":     {"cmd", "app"},
	"inbox":      {"app"},
	"demo":       {"app"},
	"page":       {"app", "server", "admin", "inbox", "demo"},
	"web":        {"app"},
	"migrations": {"app", "postgres"},
}

// banned are names that say nothing about what is inside.
var banned = []string{"util", "utils", "common", "types", "model", "models", "helpers", "helper", "misc", "shared"}

// violation says what is wrong with one package importing another, both as
// paths below the module; empty if nothing is.
func violation(from, to string, test bool) string {
	a, b := group(from), group(to)
	switch {
	case a == b:
		return ""
	case level(b) < 0:
		return to + " has no place in the order of imports"
	case forTests(to) && !test && !forTests(from) && from != "cmd/vistka-bench":
		return "only tests import " + to
	case test || forTests(from):
		return ""
	case level(b) < level(a):
		return "that is the wrong direction"
	case level(b) == level(a) && sideways[a] != b:
		return "they stand in one row"
	}
	if allowed, narrow := importers[b]; narrow && !contains(allowed, a) {
		return "only " + strings.Join(allowed, ", ") + " may"
	}
	return ""
}

// group is the package a path belongs to in the order: internal/postgres for
// internal/postgres/private, cmd for all commands.
func group(path string) string {
	parts := strings.Split(strings.TrimPrefix(path, "internal/"), "/")
	return parts[0]
}

func level(group string) int {
	for i, row := range order {
		if contains(row, group) {
			return i
		}
	}
	return -1
}

// forTests tells of pgtest, smtptest and the like.
func forTests(path string) bool {
	return strings.HasSuffix(path, "test") && strings.Count(path, "/") > 1
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

type source struct {
	path  string // below the module
	pkg   string // its directory
	test  bool
	lines int
	file  *ast.File
	fset  *token.FileSet
}

func (s source) imports() []string {
	var paths []string
	for _, i := range s.file.Imports {
		path, _ := strconv.Unquote(i.Path.Value) // the parser has checked it
		paths = append(paths, path)
	}
	return paths
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules" || name == "var" || name == "tools") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		all = append(all, source{
			path: rel, pkg: filepath.ToSlash(filepath.Dir(rel)), test: strings.HasSuffix(name, "_test.go"),
			lines: strings.Count(string(text), "\n"), file: file, fset: fset,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("found %d Go files below %s: this is not the project", len(all), root)
	}
	return all
}

func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if level(group(s.pkg)) < 0 {
			t.Errorf("%s: %s has no place in the order of imports: give it one in this test", s.path, s.pkg)
			continue
		}
		for _, path := range s.imports() {
			to, ours := strings.CutPrefix(path, module+"/")
			if !ours {
				continue
			}
			if why := violation(s.pkg, to, s.test); why != "" {
				t.Errorf("%s imports %s: %s", s.path, to, why)
			}
		}
	}
}

func TestHTTPPackagesSeeNoSQL(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.test || !contains([]string{"server", "admin", "api", "inbox", "demo", "page"}, group(s.pkg)) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 { // r.URL.Query() asks no database
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && contains([]string{"Query", "QueryRow", "Exec", "SendBatch", "CopyFrom"}, f.Sel.Name) {
				t.Errorf("%s: %s: queries belong to the package that owns the table", s.fset.Position(call.Pos()), f.Sel.Name)
			}
			return true
		})
	}
}

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.lines > maxLines && !ast.IsGenerated(s.file) {
			t.Errorf("%s has %d lines, more than %d: split it by use case", s.path, s.lines, maxLines)
		}
	}
}

func TestNothingRunsAtImport(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: init() works behind everybody's back", s.fset.Position(f.Pos()))
			}
		}
	}
}

func TestPackagesAreNamedByWhatTheyOwn(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if contains(banned, s.file.Name.Name) {
			t.Errorf("%s: package %s does not say what is inside", s.path, s.file.Name.Name)
		}
		if !s.test {
			documented[s.pkg] = documented[s.pkg] || s.file.Doc != nil
		}
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("%s has no package comment", pkg)
		}
	}
}

// The rule itself, so that a slip in it does not pass for good architecture.
func TestViolation(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		from, to string
		test, ok bool
	}{
		{"cmd/vistka", "internal/app", false, true},
		{"cmd/vistka", "internal/config", false, true},
		{"internal/app", "internal/config", false, true},
		{"internal/server", "internal/config", false, false},
		{"internal/server", "internal/subscriber", false, true},
		{"internal/subscriber", "internal/server", false, false},
		{"internal/server", "internal/admin", false, false},
		{"internal/server", "internal/page", false, true},
		{"internal/mailer", "internal/page", false, false},
		{"internal/edition", "internal/delivery", false, true},
		{"internal/delivery", "internal/edition", false, false},
		{"internal/subscriber", "internal/newsletter", false, true},
		{"internal/newsletter", "internal/subscriber", false, false},
		{"internal/delivery", "internal/article", false, true},
		{"internal/mailer", "internal/feed", false, false},
		{"internal/suppression", "internal/postgres", false, true},
		{"internal/token", "internal/emailaddr", false, false},
		{"internal/app", "internal/inbox", false, true},
		{"internal/server", "internal/inbox", false, false},
		{"cmd/vistka", "internal/demo", false, false},
		{"internal/postgres", "migrations", false, true},
		{"internal/edition", "migrations", false, false},
		{"internal/server", "web", false, false},
		{"internal/server", "web", true, true},
		{"internal/postgres/pgtest", "internal/postgres/private", false, true},
		{"internal/edition", "internal/postgres/pgtest", false, false},
		{"internal/edition", "internal/postgres/pgtest", true, true},
		{"internal/app", "internal/mailer/smtptest", false, false},
		{"internal/app", "internal/surprise", false, false},
	} {
		if got := violation(tc.from, tc.to, tc.test); (got == "") != tc.ok {
			t.Errorf("%s importing %s (test %t): %q, want allowed %t", tc.from, tc.to, tc.test, got, tc.ok)
		}
	}
}
