package locale

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
	"unicode"
	"unicode/utf8"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Locale is one language. Safe for concurrent use.
type Locale struct {
	tag      language.Tag
	dates    calendar
	messages map[string]*message
	words    *i18n.Localizer
}

// message is what T needs without asking go-i18n: most words have neither
// plural nor argument, and a page has a hundred of them.
type message struct {
	forms  []string           // plural forms the file gives, "other" among them
	plain  string             // the "other" form when it has no slot
	filled *template.Template // the "other" form when it has one
}

func newLocale(code string, messages []*i18n.Message) (*Locale, error) {
	tag := language.Make(code)
	l := &Locale{tag: tag, dates: newCalendar(code), messages: map[string]*message{}}
	bundle := i18n.NewBundle(tag)
	for _, m := range messages {
		known, err := newMessage(m)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.ID, err)
		}
		l.messages[m.ID] = known
		if err := bundle.AddMessages(tag, m); err != nil {
			return nil, fmt.Errorf("%s: %w", m.ID, err)
		}
	}
	l.words = i18n.NewLocalizer(bundle, code)
	return l, nil
}

func newMessage(m *i18n.Message) (*message, error) {
	known := &message{}
	for form, text := range map[string]string{"zero": m.Zero, "one": m.One, "two": m.Two, "few": m.Few, "many": m.Many, "other": m.Other} {
		if text == "" {
			continue
		}
		known.forms = append(known.forms, form)
		filled, err := fillable(text)
		if err != nil {
			return nil, err
		}
		if form == "other" {
			known.filled = filled
		}
	}
	slices.Sort(known.forms)
	if known.filled == nil {
		known.plain = m.Other
	}
	return known, nil
}

// fillable parses words that have something to be filled in; nil: they have not,
// as most. It is most of the work of a start, so nothing is parsed in vain.
func fillable(text string) (*template.Template, error) {
	if !strings.Contains(text, "{{") {
		return nil, nil
	}
	return template.New("").Option("missingkey=error").Parse(text)
}

// Code is the language as in URLs and forms: "uk".
func (l *Locale) Code() string { return l.tag.String() }

// Dir is the direction of its script for the dir attribute: "ltr" or "rtl".
func (l *Locale) Dir() string {
	script, _ := l.tag.Script()
	switch script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm", "Rohg":
		return "rtl"
	}
	return "ltr"
}

// Name is the language's name in itself, for a language switch: "Українська".
func (l *Locale) Name() string {
	name := ownName(l.Code())
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}

// ownName is the name of a language in itself: "українська", "English".
func ownName(code string) string {
	tag, err := language.Parse(code)
	if err != nil {
		return code
	}
	if name := display.Self.Name(tag); name != "" {
		return name
	}
	return code
}

// LanguageName is the name of a language in this one, as it stands in its sentences
// and lists: "Ukrainian", «англійська». A switch has each in itself, see Name.
// What is no code of a known language is given back as it is.
func (l *Locale) LanguageName(code string) string {
	tag, err := language.Parse(code)
	if err != nil {
		return code
	}
	if name := display.Languages(l.tag).Name(tag); name != "" {
		return name
	}
	return code
}

// Collator orders words as the language does. It is its user's alone: it is not safe
// for concurrent use.
func (l *Locale) Collator() *collate.Collator { return collate.New(l.tag) }

// T is the message of key. args alternate names and values for its {{.name}}
// slots. A key that is not there, or a slot without a value, gives the key in
// brackets: an editor sees it, a test fails, nobody gets an error page.
func (l *Locale) T(key string, args ...any) string {
	m := l.messages[key]
	switch {
	case m == nil:
		return "[" + key + "]"
	case m.filled == nil && m.plain != "":
		return m.plain
	case m.filled == nil:
		return "[" + key + "]"
	}
	var out bytes.Buffer
	if err := m.filled.Execute(&out, values(args)); err != nil {
		return "[" + key + "]"
	}
	return l.Nest(out.String())
}

// N is the message of key in the CLDR plural form for n, which its {{.n}}
// shows with grouped digits. Otherwise as T.
func (l *Locale) N(key string, n int, args ...any) string {
	if l.messages[key] == nil {
		return "[" + key + "]"
	}
	data := values(args)
	data["n"] = l.Number(n)
	s, err := l.words.Localize(&i18n.LocalizeConfig{MessageID: key, PluralCount: n, TemplateData: data})
	if err != nil || strings.Contains(s, "<no value>") {
		return "[" + key + "]"
	}
	return l.Nest(s)
}

// Has reports whether key has words.
func (l *Locale) Has(key string) bool { return l.messages[key] != nil }

// Keys lists the keys in order.
func (l *Locale) Keys() []string { return slices.Sorted(maps.Keys(l.messages)) }

// values makes a map of alternating names and values; a name without a value,
// or one that is no string, is left out and shows as a missing slot.
func values(args []any) map[string]any {
	out := make(map[string]any, len(args)/2+1)
	for i := 0; i+1 < len(args); i += 2 {
		if name, ok := args[i].(string); ok {
			out[name] = args[i+1]
		}
	}
	return out
}
