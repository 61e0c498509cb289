package main

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// values are read with complaints of ours: the library's speak of Go's types
// and layouts.
func values() []kong.Option {
	number := kong.MapperFunc(readNumber)
	return []kong.Option{
		kong.KindMapper(reflect.Int, number),
		kong.KindMapper(reflect.Int16, number),
		kong.KindMapper(reflect.Int64, number),
		kong.TypeMapper(reflect.TypeFor[time.Duration](), kong.MapperFunc(readDuration)),
		kong.TypeMapper(reflect.TypeFor[time.Time](), kong.MapperFunc(readTime)),
	}
}

// readWord takes what stands behind a flag, also -3, which is a number and no flag.
func readWord(ctx *kong.DecodeContext) string {
	t := ctx.Scan.Pop()
	if t.IsEOL() {
		return ""
	}
	return t.String()
}

func readNumber(ctx *kong.DecodeContext, target reflect.Value) error {
	word := readWord(ctx)
	n, err := strconv.ParseInt(word, 10, target.Type().Bits())
	if err != nil {
		return fmt.Errorf("%q is not a whole number: write one like 20", word)
	}
	target.SetInt(n)
	return nil
}

func readDuration(ctx *kong.DecodeContext, target reflect.Value) error {
	word := readWord(ctx)
	d, err := time.ParseDuration(word)
	if err != nil {
		return fmt.Errorf("%q is not a length of time: write a number and its unit, like 90s, 10m or 72h", word)
	}
	target.Set(reflect.ValueOf(d))
	return nil
}

func readTime(ctx *kong.DecodeContext, target reflect.Value) error {
	word := readWord(ctx)
	t, err := time.Parse(time.RFC3339, word)
	if err != nil {
		return fmt.Errorf("%q is not a time: write the day, the hour and how far the zone is from UTC, like 2026-12-01T08:00:00+02:00", word)
	}
	target.Set(reflect.ValueOf(t))
	return nil
}

// editionNumber names an edition, as vistka edition list does.
type editionNumber int64

// Decode reads it from the command line.
func (n *editionNumber) Decode(ctx *kong.DecodeContext) error {
	word := readWord(ctx)
	id, err := strconv.ParseInt(word, 10, 64)
	if err != nil || id < 1 {
		return fmt.Errorf("%q is not the number of an edition; vistka edition list shows which there are", word)
	}
	*n = editionNumber(id)
	return nil
}

// howMany counts what is listed or made: none is no answer.
type howMany int

// Validate is called by kong.
func (n howMany) Validate() error {
	if n < 1 {
		return fmt.Errorf("%d is too few: write 1 or more", n)
	}
	return nil
}

// oneOf complains of a word that is none of those there are.
func oneOf(word string, words ...string) error {
	if slices.Contains(words, word) {
		return nil
	}
	last := len(words) - 1
	return fmt.Errorf("%q is unknown: write %s or %s, or leave it out for all", word, strings.Join(words[:last], ", "), words[last])
}

// What the library puts before or behind what is wrong.
var (
	positional   = regexp.MustCompile(`^<\w+>: `)
	fromVariable = regexp.MustCompile(`(?s) \(from envar (\w+)=.*\)$`)
	kindOfValue  = regexp.MustCompile(`=[A-Z]+`)
)

// usageError is what is wrong with the command line and what to do about it.
func usageError(err error) error {
	wrong, ok := errors.AsType[*kong.ParseError](err)
	if !ok || wrong.Context == nil {
		return err
	}
	node := wrong.Context.Model.Node
	for _, step := range wrong.Context.Path {
		if step.Command != nil {
			node = step.Command
		}
	}
	name, help := node.FullPath(), node.FullPath()+" --help"
	words := positional.ReplaceAllString(fromVariable.ReplaceAllString(wrong.Error(), ", in $1"), "")
	kind, rest := sortOf(words)
	word, meant, found := strings.Cut(rest, ", did you mean ")
	if found {
		meant = " Did you mean " + meant
	}
	switch {
	case kind == unexpected && len(node.Children) > 0:
		return fmt.Errorf("there is no command %q.%s\n%s lists what there is", name+" "+word, meant, help)
	case kind == unexpected:
		return fmt.Errorf("%q is one word too many; see %s", rest, help)
	case kind == unknownFlag:
		return fmt.Errorf("there is no flag %s.%s\n%s lists what there is", word, meant, help)
	case kind == missingFlags:
		return fmt.Errorf("%s needs %s; see %s", name, kindOfValue.ReplaceAllString(rest, ""), help)
	case kind == expected && len(node.Children) > 0:
		return fmt.Errorf("%s needs one more word: %s; see %s", name, names(node.Children), help)
	case kind == expected:
		return fmt.Errorf("%s needs %s; see %s", name, strings.Trim(rest, `"`), help)
	}
	return errors.New(words)
}

// How the library's complaints begin, save those of values.
const (
	unexpected   = "unexpected argument "
	unknownFlag  = "unknown flag "
	missingFlags = "missing flags: "
	expected     = "expected "
)

func sortOf(words string) (kind, rest string) {
	for _, kind := range []string{unexpected, unknownFlag, missingFlags, expected} {
		if rest, ok := strings.CutPrefix(words, kind); ok {
			return kind, rest
		}
	}
	return "", words
}

func names(nodes []*kong.Node) string {
	var out []string
	for _, n := range nodes {
		out = append(out, n.Name)
	}
	if last := len(out) - 1; last > 0 {
		return strings.Join(out[:last], ", ") + " or " + out[last]
	}
	return strings.Join(out, "")
}
