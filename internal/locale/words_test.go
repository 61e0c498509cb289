package locale

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"

	"vistka/web"
)

// sources is what the program says about keys: every string of its Go files,
// templates and migrations, and the keys that are asked for by name.
type sources struct {
	literals map[string]bool
	formats  []*regexp.Regexp  // "admin.kind.%s"
	asked    map[string]string // key → where
}

var (
	key        = `[a-z0-9_]+(?:\.[a-z0-9_ -]+)+`
	askedInGo  = regexp.MustCompile(`(?:\.T|\.N|\.words)\(\s*"(` + key + `)"|\bKey:\s*"(` + key + `)"`)
	askedInTpl = regexp.MustCompile(`(?:\.T|\.N|words \$?\.?[A-Za-z]*) "(` + key + `)"`)
	tplAction  = regexp.MustCompile(`\{\{[^{}]*\}\}`)
	tplString  = regexp.MustCompile(`"([^"\n]*)"`)
	sqlString  = regexp.MustCompile(`'([^'\n]*)'`)
)

func read(t *testing.T) sources {
	t.Helper()
	s := sources{literals: map[string]bool{}, asked: map[string]string{}}
	for _, root := range []string{"../../internal", "../../cmd", "../../web/templates", "../../migrations"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			switch filepath.Ext(path) {
			case ".go":
				return s.readGo(path, text)
			case ".html":
				for _, action := range tplAction.FindAll(text, -1) { // an attribute's quotes stand outside
					s.add(tplString.FindAllSubmatch(action, -1))
				}
				s.ask(path, askedInTpl.FindAllSubmatch(text, -1))
			case ".sql":
				s.add(sqlString.FindAllSubmatch(text, -1))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for l := range s.literals {
		if strings.Contains(l, "%s") && regexp.MustCompile(`^[a-z_]+\.[a-z_.%]+$`).MatchString(l) {
			s.formats = append(s.formats, regexp.MustCompile("^"+strings.ReplaceAll(regexp.QuoteMeta(l), "%s", "(.+)")+"$"))
		}
	}
	return s
}

func (s *sources) readGo(path string, text []byte) error {
	tree, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
	if err != nil {
		return err
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			value, _ := strconv.Unquote(l.Value)
			s.literals[value] = true
			if region, _, ok := strings.Cut(value, "/"); ok && region != "" { // a time zone: the key is its city
				s.literals[strings.ToLower(value[strings.LastIndexByte(value, '/')+1:])] = true
			}
			s.add(sqlString.FindAllSubmatch([]byte(value), -1)) // a state in a statement
		}
		return true
	})
	s.ask(path, askedInGo.FindAllSubmatch(text, -1))
	return nil
}

func (s *sources) add(found [][][]byte) {
	for _, m := range found {
		s.literals[string(m[1])] = true
	}
}

func (s *sources) ask(path string, found [][][]byte) {
	for _, m := range found {
		for _, k := range m[1:] {
			if len(k) > 0 && k[len(k)-1] != '_' && k[len(k)-1] != '.' { // else the rest is put together
				s.asked[string(k)] = path
			}
		}
	}
}

// uses says whether the program can ask for a key: by its name, by a format, or
// by putting together two or three strings of its own.
func (s *sources) uses(k string) bool {
	if s.literals[k] {
		return true
	}
	for _, f := range s.formats {
		if m := f.FindStringSubmatch(k); m != nil && s.literals[m[1]] {
			return true
		}
	}
	for i := 1; i < len(k); i++ {
		if !s.literals[k[:i]] {
			continue
		}
		if s.literals[k[i:]] {
			return true
		}
		for j := i + 1; j < len(k); j++ {
			if s.literals[k[i:j]] && s.literals[k[j:]] {
				return true
			}
		}
	}
	return false
}

func catalog(t *testing.T) *Catalog {
	t.Helper()
	c, err := Load(web.FS)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNoKeyIsMissing(t *testing.T) {
	t.Parallel()
	c, s := catalog(t), read(t)
	if len(s.asked) < 300 {
		t.Fatalf("only %d keys are asked for by name: the search does not see them", len(s.asked))
	}
	for k, where := range s.asked {
		for _, l := range c.All() {
			if !l.Has(k) {
				t.Errorf("%s asks for %s, which %s has no words for", where, k, l.Code())
			}
		}
	}
}

func TestNoKeyIsUnused(t *testing.T) {
	t.Parallel()
	s := read(t)
	for _, k := range catalog(t).For(fallback).Keys() {
		if !s.uses(k) {
			t.Errorf("nothing asks for %s", k)
		}
	}
}

// raw are the words of a language as its file has them.
func raw(t *testing.T, code string) map[string]*i18n.Message {
	t.Helper()
	text, err := fs.ReadFile(web.FS, "locales/"+code+".toml")
	if err != nil {
		t.Fatal(err)
	}
	file, err := i18n.ParseMessageFileBytes(text, code+".toml", map[string]i18n.UnmarshalFunc{"toml": toml.Unmarshal})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*i18n.Message{}
	for _, m := range file.Messages {
		out[m.ID] = m
	}
	return out
}

func forms(m *i18n.Message) []string {
	return slices.DeleteFunc([]string{m.Zero, m.One, m.Two, m.Few, m.Many, m.Other}, func(s string) bool { return s == "" })
}

var slot = regexp.MustCompile(`\{\{\s*\.(\w+)\s*\}\}`)

// slots names what a message is filled with, over all its forms.
func slots(m *i18n.Message) string {
	var names []string
	for _, f := range forms(m) {
		for _, found := range slot.FindAllStringSubmatch(f, -1) {
			names = append(names, found[1])
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

// names are the same in every language.
var names = regexp.MustCompile(`https?://\S+|VISTKA_\w+|\b(?:[A-Za-z0-9.-]+@[a-z.]+|name@example\.com|Vistka|[A-Z]{2,}|CSV|DKIM)\b`)

func TestNoKeyIsUntranslated(t *testing.T) {
	t.Parallel()
	en, uk := raw(t, "en"), raw(t, "uk")
	for k, m := range en {
		if uk[k] == nil {
			continue // missing: told by another test
		}
		if a, b := slots(m), slots(uk[k]); a != b {
			t.Errorf("%s is filled with %q in English and %q in Ukrainian", k, a, b)
		}
		for _, f := range forms(uk[k]) {
			words := names.ReplaceAllString(slot.ReplaceAllString(f, ""), "")
			if strings.ContainsFunc(words, func(r rune) bool { return unicode.Is(unicode.Latin, r) }) &&
				!strings.ContainsFunc(words, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
				t.Errorf("%s is not translated: %q", k, f)
			}
		}
		for _, f := range forms(m) {
			if strings.ContainsFunc(f, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
				t.Errorf("%s has Ukrainian words in English: %q", k, f)
			}
		}
	}
}

// A third language is one file: with it, and nothing else, everything is there.
func TestThirdLanguageIsOneFile(t *testing.T) {
	t.Parallel()
	var file strings.Builder
	for k, m := range raw(t, "en") {
		fmt.Fprintf(&file, "[%q]\n", k)
		for _, form := range []string{"one", "few", "many", "other"} { // the forms of Polish
			text := m.Other
			if form == "one" && m.One != "" {
				text = m.One
			}
			fmt.Fprintf(&file, "%s = %q\n", form, "pl: "+text)
		}
	}
	fsys := fstest.MapFS{"locales/pl.toml": {Data: []byte(file.String())}}
	for _, code := range []string{"en", "uk"} {
		text, err := fs.ReadFile(web.FS, "locales/"+code+".toml")
		if err != nil {
			t.Fatal(err)
		}
		fsys["locales/"+code+".toml"] = &fstest.MapFile{Data: text}
	}
	c, err := Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range c.Problems() {
		if !strings.Contains(p, "plural form") { // every message of this file has forms, also those without a number
			t.Error(p)
		}
	}
	pl := c.For("pl")
	if !c.Has("pl") || !slices.Equal(c.Codes(), []string{"en", "pl", "uk"}) || c.Match("pl-PL, en;q=0.5") != pl || pl.Name() != "Polski" {
		t.Errorf("languages %v, named %q", c.Codes(), pl.Name())
	}
	if got := pl.Say(Message{Key: "article.filter.language", Language: "uk"}); got != "pl: its language is ukraiński" {
		t.Errorf("of Ukrainian it says %q", got)
	}
	for _, got := range []string{pl.T("signup.button"), pl.N("mail.more", 5), pl.Say(Message{Key: "article.reason.held_burst", N: 3})} {
		if !strings.HasPrefix(got, "pl: ") {
			t.Errorf("says %q", got)
		}
	}
	if got := pl.Date(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)); got != "23 listopada 2026" {
		t.Errorf("the date is %s", got)
	}
}

// In Ukrainian a word stands between a preposition and what is not declined: a masked
// address, which may begin with «на» itself, and a newsletter's name.
func TestPrepositionsHaveAWordToGovern(t *testing.T) {
	t.Parallel()
	bare := regexp.MustCompile(`(?:^|[ (])(?i:на|від|до|з|про) (?:\{\{\.address\}\}|«\{\{\.(?:name|newsletter)\}\}»)`)
	for k, m := range raw(t, "uk") {
		for _, f := range forms(m) {
			if found := bare.FindString(f); found != "" {
				t.Errorf("%s: %q in %s", k, found, f)
			}
		}
	}
}

// The links that the welcome says are at the foot of every mail are there by name.
func TestTheFootHasWhatTheWelcomeNames(t *testing.T) {
	t.Parallel()
	words := map[string][]string{"en": {"hange how often", "pause"}, "uk": {"мінити частоту", "зробити паузу"}}
	for _, l := range catalog(t).All() {
		for _, w := range words[l.Code()] {
			for _, k := range []string{"mail.welcome.leave", "mail.preferences"} {
				if text := l.T(k); !strings.Contains(text, w) {
					t.Errorf("%s does not say %q: %s", k, w, text)
				}
			}
		}
	}
}

// Words that tell a reader to press something call it by the name that it has.
func TestWhatIsToBePressedHasItsName(t *testing.T) {
	t.Parallel()
	for _, l := range catalog(t).All() {
		for button, keys := range map[string][]string{
			"mail.confirm.button": {"sent.text", "sent.text_late", "sent.code_over", "confirm.fresh_text", "confirm.replaced_text", "mail.confirm.press"},
			"confirm.button":      {"confirm.code_spent", "confirm.consent", "mail.confirm.press"},
			"sent.code_button":    {"sent.code_consent"},
			"signup.button":       {"signup.too_old", "signup.typo_keep", "signup.once_more", "signup.challenge", "signup.prove"},
			"data.address_button": {"data.typo_keep"},
		} {
			name := l.T(button)
			if l.Code() == "uk" {
				name = "«" + name + "»"
			}
			for _, k := range keys {
				if text := l.T(k, "address", "", "name", ""); !strings.Contains(text, name) {
					t.Errorf("%s does not name %q: %s", k, name, text)
				}
			}
		}
	}
}

// One spelling for what readers and editors are asked for alike.
func TestEmailHasNoHyphen(t *testing.T) {
	t.Parallel()
	raw, err := fs.ReadFile(web.FS, "locales/en.toml")
	if err != nil {
		t.Fatal(err)
	}
	if at := regexp.MustCompile(`(?i).*e-mail.*`).Find(raw); at != nil {
		t.Errorf("%s", at)
	}
}
